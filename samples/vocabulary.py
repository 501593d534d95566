"""The words the made-up data is composed of: names, titles, companies, pages, user agents.

Only constants belong here, and no logic. Nothing describes a real person; companies live under the
reserved domain `.example`. Real are the names of mail providers, internet providers,
crawlers and browsers, because rules have to recognise exactly those.
"""


def list_words(text: str) -> list[str]:
    """The words of a text, so that long lists stay readable."""
    return text.split()


FIRST_NAMES = list_words(
    "Ada Alan Amara Anders Anita Antoine Arjun Aylin Beatriz Ben Björn Bruno Carla Chen Chloé "
    "Clara Daan Daniel Deepa Diego Elena Emeka Emma Erik Fatima Felix Femke François Grace "
    "Hana Hugo Ines Ivan Jack Jana Jonas José Julia Kaito Karen Kofi Lars Laura Leila Liam "
    "Luca Lucy Mads Maria Marta Mateo Mei Mia Miguel Nadia Nils Noor Olga Oliver Omar Paula "
    "Peter Priya Rafael Rosa Ruth Samir Sara Sofia Tariq Thomas Tom Uma Vera Víctor Wanda "
    "Yuki Zoë 美咲 Ng"
)
LAST_NAMES = list_words(
    "Abara Acker Almeida Andersson Arnott Bakker Banerjee Barros Baumann Bell Bergström Birch "
    "Blanc Boateng Brandt Castell Chandra Clarke Corbin Costa Dahl Delgado Devi Dietrich Dixon "
    "Duarte Eberhart Ekström Farrow Fischer Fontaine Fraser Fujita Garnier Ghosh Haddad Hale "
    "Hartmann Holm Ibarra Iyer Jansen Jensen Kapoor Keller Kimura Kowal Kraus Lambert Larkin "
    "Lindqvist Lombard Maier Marsh Mbeki Medina Meyer Moreau Müller Nakata Navarro Novak "
    "O'Dell Okafor Olsen Ortega Patel Pereira Quinn Rao Renard Rivera Rossi Sandoval Schäfer "
    "Sharma Silva Sørensen Tanaka Thorne Ueda Vance Vermeer Visser Vogel Walker Weiss Wilde "
    "Xu Yamada Young Zeller 田中"
)
MASHED_NAMES = ["asdf", "qwrt", "xcvbnm", "sdfgh", "hjkl", "Brrr", "Tst", "mnbvc"]
NAMES_WITH_DIGITS = ["John3", "t3st", "User 42", "Max2", "1234", "Anna99"]
NAMES_WITH_REPEATS = ["Aaaa", "Jooohn", "xxx", "Annna", "Heeey", "zzzz"]

# title, seniority from -2 (student) to 2 (chief), how common
TITLES = [
    ("Chief Revenue Officer", 2.0, 2),
    ("Chief Marketing Officer", 2.0, 2),
    ("CMO", 2.0, 2),
    ("CEO", 1.8, 2),
    ("Founder & CEO", 1.6, 2),
    ("Co-Founder", 1.5, 1),
    ("Chief Data Officer", 2.0, 1),
    ("CTO", 1.5, 1),
    ("Owner", 0.8, 2),
    ("Geschäftsführer", 1.6, 1),
    ("VP Marketing", 1.6, 3),
    ("Vice President of Marketing", 1.6, 2),
    ("V.P. Sales", 1.5, 2),
    ("vp, marketing ops", 1.6, 1),
    ("SVP Growth", 1.7, 1),
    ("VP of Engineering", 1.2, 1),
    ("Head of Data", 1.2, 3),
    ("Head Of Marketing", 1.3, 3),
    ("Head of Sales Operations", 1.2, 2),
    ("Leiter Marketing", 1.2, 1),
    ("Directeur Marketing", 1.1, 1),
    ("Marketing Director", 1.1, 3),
    ("Director of Demand Generation", 1.1, 3),
    ("Sr. Director, Marketing Operations", 1.2, 2),
    ("DIRECTOR SALES", 1.0, 2),
    ("Director of IT", 0.8, 2),
    ("Marketing Manager", 0.4, 8),
    ("Senior Marketing Manager", 0.5, 5),
    ("Product Marketing Mgr", 0.4, 3),
    ("Revenue Operations Manager", 0.5, 4),
    ("Sales manager", 0.3, 4),
    ("IT Manager", 0.2, 4),
    ("Team Lead Analytics", 0.3, 3),
    ("Finance Manager", 0.1, 2),
    ("Data Analyst", -0.3, 6),
    ("Marketing Specialist", -0.3, 6),
    ("marketing coordinator", -0.4, 4),
    ("Account Executive", -0.4, 4),
    ("Software Engineer", -0.5, 6),
    ("Sr Software Developer", -0.4, 3),
    ("Consultant", -0.4, 4),
    ("HR Generalist", -0.7, 2),
    ("Office Assistant", -0.9, 2),
    ("Freelancer", -1.0, 2),
    ("Teacher", -1.3, 1),
    ("Marketing Intern", -1.7, 2),
    ("Intern", -1.8, 2),
    ("Student", -2.0, 3),
    ("PhD Student", -1.9, 1),
    ("Retired", -1.9, 1),
    ("n/a", -0.8, 1),
]

COMPANY_FIRST = list_words(
    "Alder Amber Anchor Apex Arbor Aspen Atlas Aurora Basalt Beacon Birch Blue Bright Canyon "
    "Cedar Cinder Clear Cobalt Copper Coral Crest Delta Dune Eagle East Echo Ember Falcon Fern "
    "Field Fjord Flint Forge Garnet Glacier Granite Harbor Hazel Helio Heron Indigo Iron Ivory "
    "Juniper Kestrel Lark Lumen Maple Meridian Mint North Oak Onyx Opal Orbit Pine Quartz River"
)
COMPANY_SECOND = list_words(
    "bank bridge brook care chain cloud craft data dale field fleet foods forge freight gate "
    "grid group grove health hill house labs land leaf light line link logic mark media mill "
    "motors net pay peak point port power reach ridge robotics sense shore soft source span "
    "stone stream systems tech tower trade vale view ware wave well works yard"
)
COMPANY_SUFFIXES = ["Inc", "GmbH", "Ltd", "B.V.", "LLC", "SA", "", ""]

# industry, how well it fits what is sold, how common
INDUSTRIES = [
    ("Software", 1.0, 20),
    ("Financial Services", 0.8, 12),
    ("Manufacturing", 0.2, 13),
    ("Retail", 0.4, 12),
    ("Healthcare", 0.0, 10),
    ("Logistics", 0.5, 7),
    ("Education", -0.9, 8),
    ("Government", -0.8, 5),
    ("Telecommunications", 0.6, 5),
    ("Real Estate", -0.5, 4),
    ("Agriculture", -0.9, 4),
]

# country, region, city, dialling code, how common
PLACES = [
    ("US", "California", "San Francisco", "1", 14),
    ("US", "New York", "New York", "1", 12),
    ("US", "Texas", "Austin", "1", 10),
    ("US", "Illinois", "Chicago", "1", 6),
    ("GB", "England", "London", "44", 9),
    ("GB", "Scotland", "Edinburgh", "44", 3),
    ("DE", "Bayern", "München", "49", 5),
    ("DE", "Berlin", "Berlin", "49", 5),
    ("FR", "Île-de-France", "Paris", "33", 7),
    ("NL", "Noord-Holland", "Amsterdam", "31", 5),
    ("CA", "Ontario", "Toronto", "1", 5),
    ("AU", "New South Wales", "Sydney", "61", 4),
    ("IN", "Karnataka", "Bengaluru", "91", 5),
    ("BR", "São Paulo", "São Paulo", "55", 3),
    ("JP", "Tokyo", "Tokyo", "81", 3),
    ("SE", "Stockholm", "Stockholm", "46", 1),
    ("ES", "Madrid", "Madrid", "34", 1),
    ("NG", "Lagos", "Lagos", "234", 1),
    ("AQ", None, None, "672", 0.1),
]

FREE_MAIL = [
    "gmail.com",
    "gmail.com",
    "gmail.com",
    "yahoo.com",
    "outlook.com",
    "hotmail.com",
    "gmx.de",
    "icloud.com",
    "web.de",
]
DISPOSABLE_MAIL = ["mailinator.com", "guerrillamail.com", "10minutemail.com", "yopmail.com"]
ROLE_MAILBOXES = ["info", "sales", "office", "contact", "admin", "support", "hello"]
COMPETITOR_DOMAINS = ["rivalmetrics.example", "chartly.example"]
OWN_DOMAIN = "tidewater.example"
BROKEN_ADDRESSES = [
    "n/a",
    "none",
    "{0}.example.com",
    "{0}@",
    "{0}@@mail.example",
    "{0}@localhost",
    "{0} at mail.example",
    "{0} x@mail.example",
]
INTERNET_PROVIDERS = [
    "Comcast Cable",
    "Deutsche Telekom AG",
    "Verizon Business",
    "Vodafone GmbH",
    "British Telecommunications PLC",
    "Orange S.A.",
    "AT&T Services",
    "KPN B.V.",
    "Reliance Jio Infocomm",
    "Charter Communications",
]

LEAD_SOURCES = [
    ("website", 38),
    ("webinar", 12),
    ("paid_search", 12),
    ("paid_social", 8),
    ("trade_show", 8),
    ("referral", 6),
    ("partner", 5),
    ("purchased_list", 6),
    ("outbound", 5),
]
WEB_SOURCES = ("website", "webinar", "paid_search", "paid_social")

CURRENT_VENDORS = ["Spreadsheets", "Spreadsheets", "none", "RivalMetrics", "Chartly"]
CRM_SYSTEMS = ["Salesforce", "HubSpot", "Dynamics", "none"]
PRODUCTS = ["analytics", "automation"]
DEAL_STAGES = ["qualification", "discovery", "proposal", "negotiation", "closed_won", "closed_lost"]
ACCEPT_REASONS = ["fits profile", "asked for a call", "active project", None]
REJECT_REASONS = [
    "no budget",
    "wrong company size",
    "not now",
    "bad contact data",
    "no decision power",
    None,
]

# activity, subject, share among trickling leads, share among leads in a burst
CRM_ACTIVITIES = [
    ("call", "Introductory call", 22, 22),
    ("call", "Pricing questions", 2, 14),
    ("meeting", "Discovery meeting", 2, 16),
    ("meeting", "Product demo", 1, 14),
    ("webinar_registered", "Lead data that sales believes", 22, 9),
    ("webinar_attended", "Lead data that sales believes", 12, 8),
    ("trade_show_visit", "DataDays booth", 14, 4),
    ("direct_mail_reply", "Spring letter", 8, 2),
    ("product_review", "Review on a comparison portal", 4, 3),
]

SITE = "https://www.tidewater.example"
IDENTIFYING_TYPES = ("form_submit", "signup", "demo_request")
# Who browses: columns of the weights below.
ANONYMOUS, TRICKLE, HOT, CAREER, CRAWLER = range(5)
# event type, path, search term, weights by who browses
PAGE_ACTIONS = [
    ("page_view", "/", None, (22, 14, 6, 8, 14)),
    ("page_view", "/pricing", None, (3, 2.5, 13, 0.5, 4)),
    ("page_view", "/pricing/", None, (0.3, 0.2, 1, 0, 1)),
    ("page_view", "/Pricing?ref=nav", None, (0.3, 0.2, 1, 0, 0)),
    ("page_view", "/product/analytics", None, (7, 6, 8, 3, 5)),
    ("page_view", "/product/automation", None, (5, 4, 6, 2, 5)),
    ("page_view", "/demo", None, (1.5, 1, 4, 0.2, 3)),
    ("page_view", "/trial", None, (1.5, 1, 3, 0.5, 3)),
    ("page_view", "/contact", None, (2, 1.5, 3, 1, 3)),
    ("page_view", "/case-studies/heronfreight", None, (2, 2, 5, 0.5, 4)),
    ("page_view", "/case-studies/lumenpay", None, (2, 2, 4, 0.5, 4)),
    ("page_view", "/blog/what-is-a-qualified-lead", None, (16, 14, 2, 12, 10)),
    ("page_view", "/blog/attribution-without-tears", None, (12, 10, 2, 8, 10)),
    ("page_view", "/blog/five-dashboards", None, (9, 9, 1, 8, 10)),
    ("page_view", "/docs/getting-started", None, (3, 5, 3, 3, 6)),
    ("page_view", "/docs/api", None, (3, 4, 3, 3, 6)),
    ("page_view", "/webinars/lead-data-that-sales-believes", None, (2, 4, 3, 1, 2)),
    ("page_view", "/whitepapers/state-of-lead-data", None, (2, 4, 3, 3, 2)),
    ("page_view", "/integrations", None, (2, 2, 5, 0.5, 3)),
    ("page_view", "/security", None, (1, 1, 4, 0.3, 3)),
    ("page_view", "/roi-calculator", None, (0.6, 0.6, 4, 0.1, 2)),
    ("page_view", "/compare/rivalmetrics", None, (1.2, 1, 4, 0.1, 3)),
    ("page_view", "/about", None, (3, 2, 1, 6, 4)),
    ("page_view", "/careers", None, (3, 0.4, 0.1, 14, 3)),
    ("page_view", "/careers/data-engineer", None, (2, 0.2, 0, 14, 3)),
    ("page_view", "/unsubscribe", None, (0, 0.3, 0, 0, 0)),
    ("download", "/whitepapers/state-of-lead-data", None, (0.5, 3, 4, 2, 0)),
    ("download", "/case-studies/lumenpay", None, (0.2, 0.6, 2, 0, 0)),
    ("search", "/", "tidewater pricing", (0.5, 0.6, 2.5, 0, 0)),
    ("search", "/", "tidewater analytics reviews", (0.6, 0.6, 1.5, 0.3, 0)),
    ("search", "/", "Tidewater login", (0.3, 0.6, 0.5, 0, 0)),
    ("search", "/", "lead analytics pricing", (0.8, 0.6, 1, 0, 0)),
    ("search", "/", "crm dashboards", (1.2, 1, 0.6, 1, 0)),
    ("search", "/", "marketing automation tools", (1.2, 1, 0.6, 0.5, 0)),
    (
        "ad_click",
        "/product/analytics?utm_source=ads&utm_medium=cpc",
        "lead analytics",
        (2, 0.8, 1, 0.2, 0),
    ),
    ("ad_click", "/trial?utm_source=ads&utm_medium=cpc", "tidewater trial", (1, 0.6, 1, 0.1, 0)),
    ("social_follow", "/", None, (0.2, 0.5, 0.6, 1, 0)),
    ("social_share", "/blog/five-dashboards", None, (0.2, 0.5, 0.5, 0.5, 0)),
    ("social_comment", "/blog/what-is-a-qualified-lead", None, (0.1, 0.4, 0.4, 0.3, 0)),
    ("form_submit", "/contact", None, (0.05, 0.6, 1.2, 0.3, 0)),
    ("form_submit", "/webinars/lead-data-that-sales-believes", None, (0.03, 1.2, 0.8, 0.3, 0)),
    ("form_submit", "/whitepapers/state-of-lead-data", None, (0.05, 1.2, 1, 1, 0)),
    ("signup", "/trial", None, (0.01, 0.2, 1.2, 0.1, 0)),
    ("demo_request", "/demo", None, (0.0, 0.05, 1.0, 0, 0)),
]
REFERRERS = [
    None,
    "https://www.google.com/",
    "https://www.bing.com/",
    "https://www.linkedin.com/",
    "https://news.ycombinator.com/",
    SITE + "/",
]

BROWSERS = [
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/126.0.0.0 Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/17.5 Safari/605.1.15"
    ),
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
    ),
]
CRAWLERS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
]
# Apple's Mail Privacy Protection shows itself as this bare string and nothing more.
APPLE_PROXY = "Mozilla/5.0"
GOOGLE_PROXY = (
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
)
YAHOO_PROXY = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"

CAMPAIGN_TOPICS = ["industry", "company", "product"]
CAMPAIGN_LINKS = [
    "/blog/what-is-a-qualified-lead",
    "/case-studies/heronfreight",
    "/product/analytics",
    "/product/automation",
    "/pricing",
    "/webinars/lead-data-that-sales-believes",
]
