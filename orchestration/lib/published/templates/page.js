// What the page does: finds leads, opens a lead's story, shows the rule book. Its data lies beside it,
// in scripts that are loaded as they are asked for; nothing else is ever requested.
"use strict";
const take = {}; // What the scripts of data call.
(function () {
  const SHOWN = 50;
  const NOBODY = "nobody";
  const $ = (id) => document.getElementById(id);
  const loading = {};
  const stories = {};
  let leads = null;
  let rules = null;

  take.leads = (text) => { leads = JSON.parse(text); };
  take.rules = (text) => { rules = JSON.parse(text); };
  take.stories = (number, packed) => { stories[number] = packed; };

  function load(name) {
    loading[name] = loading[name] || new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = `page/${name}.js`;
      script.onload = done;
      script.onerror = () => failed(new Error(`page/${name}.js is not beside this page: copy its folder as a whole.`));
      document.head.append(script);
    });
    return loading[name];
  }

  async function unpack(packed) {
    const bytes = Uint8Array.from(atob(packed), (sign) => sign.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  }

  function make(tag, text, attributes) {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) element.textContent = text;
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    return element;
  }

  const round = (value, digits) => value === null ? "" : String(Number(value.toFixed(digits)));
  const signed = (value, digits) => (value > 0 ? "+" : "") + round(value, digits);
  const clock = (time) => time.slice(11, 19);
  const percent = (value) => `${Math.round(value * 100)} %`;

  // A table of rows, each a list of texts, numbers, or [text, class].
  function table(heads, rows, numbers) {
    const made = make("table");
    const head = make("tr");
    heads.forEach((text, n) => head.append(make("th", text, { scope: "col", class: numbers.includes(n) ? "n" : "" })));
    made.append(make("thead"), make("tbody"));
    made.tHead.append(head);
    for (const row of rows) {
      const line = make("tr");
      row.forEach((cell, n) => {
        const [text, kind] = Array.isArray(cell) ? cell : [cell, ""];
        line.append(make("td", text, { class: `${numbers.includes(n) ? "n " : ""}${kind}` }));
      });
      made.tBodies[0].append(line);
    }
    return made;
  }

  // Finding leads.
  function find() {
    const wanted = $("find-text").value.trim().toLowerCase();
    const model = Number($("find-model").value);
    const tier = $("find-tier").value;
    const owner = $("find-owner").value;
    const rows = leads.rows[model];
    const found = [];
    for (let n = 0; n < rows.place.length; n++) {
      if (tier && (rows.tier[n] || "") !== tier) continue;
      const place = rows.place[n];
      if (owner && (leads.owners[place] || NOBODY) !== owner) continue;
      if (wanted && !leads.ids[place].toLowerCase().includes(wanted)
        && !(leads.accounts[place] || "").toLowerCase().includes(wanted)) continue;
      found.push(n);
    }
    found.sort((a, b) => rows.score[b] - rows.score[a] || rows.place[a] - rows.place[b]);
    const list = $("found");
    list.replaceChildren();
    for (const n of found.slice(0, SHOWN)) {
      const place = rows.place[n];
      const item = make("li");
      const button = make("button", null, { type: "button" });
      button.append(
        make("span", leads.ids[place], { class: "id" }),
        make("b", rows.score[n] === null ? "unknown" : round(rows.score[n], 1)),
        make("span", rows.grade[n] || ""),
        make("span", (rows.tier[n] || "no tier") + (rows.left_out[n] ? ", excluded" : "")),
        make("span", leads.accounts[place] || "", { class: "soft" })
      );
      button.addEventListener("click", () => open(place, model));
      item.append(button);
      list.append(item);
    }
    $("find-count").textContent = `${found.length.toLocaleString("en")} ${found.length === 1 ? "lead" : "leads"}`
      + (found.length > SHOWN ? `, the ${SHOWN} with the highest scores are shown` : "");
  }

  // One lead's story.
  async function open(place, model) {
    const box = $("story");
    try {
      const number = Math.floor(place / Number($("find").dataset.leadsInAFile));
      await Promise.all([load("rules"), load(`stories-${number}`)]);
      if (typeof stories[number] === "string") stories[number] = await unpack(stories[number]);
      box.replaceChildren(...tell(place, model, stories[number][`${place}:${model}`]));
      location.hash = `lead=${encodeURIComponent(leads.ids[place])}&model=${encodeURIComponent(leads.models[model])}`;
    } catch (error) {
      box.replaceChildren(make("p", error.message, { class: "warning" }));
    }
    box.hidden = false;
    $("story-head") && $("story-head").focus();
  }

  function tell(place, model, story) {
    const lead = story.scored_leads;
    const parts = [make("h3", `${leads.ids[place]} by ${leads.models[model]}: ${lead.score === null ? "score unknown" : round(lead.score, 1)}`, { id: "story-head", tabindex: "-1" })];
    const facts = [
      lead.tier ? `${lead.tier} since ${lead.tier_since}` : "in no tier",
      lead.grade && `grade ${lead.grade}`, lead.temperature,
      lead.action && `${lead.action}${lead.sla_hours ? ` within ${lead.sla_hours} hours` : ""}`,
      lead.account_id && `account ${lead.account_id}`,
      lead.owner_id && `owner ${lead.owner_id}`,
      lead.last_activity_on ? `last active on ${lead.last_activity_on}` : "never active",
    ].filter(Boolean);
    const fresh = story.intraday_leads;
    if (fresh) facts.push(`scored at ${clock(fresh.scored_at)} from what had loaded at ${clock(fresh.loaded_at)} (UTC)`);
    parts.push(make("p", facts.join(" · "), { class: "facts" }));
    for (const sentence of [
      lead.exclusion_reason && `Excluded: ${lead.exclusion_reason}`,
      lead.tier_reason && `In this tier because: ${lead.tier_reason}`,
      lead.duplicate_of && `Another lead of the same person: what they do counts for ${lead.duplicate_of}`,
      lead.stale_feeds && `Nothing has loaded lately, and what is told there has not faded since: ${lead.stale_feeds}`,
    ].filter(Boolean)) parts.push(make("p", sentence, { class: "warning" }));

    const points = story.points.map(([rule, value, evidence, reason]) => [
      reason || rules[rule].reason, evidence || "", [rules[rule].dimension || "", "soft"],
      [signed(value, 4), value > 0 ? "gain" : value < 0 ? "loss" : ""],
    ]);
    const sum = story.points.reduce((total, row) => total + row[1], 0);
    const ledger = table(["Reason", "What was seen", "Dimension", "Points"], points, [3]);
    const foot = make("tfoot");
    const line = make("tr");
    line.append(make("td", "Sum of the rows = score"), make("td"), make("td"), make("td", round(sum, 4), { class: "n" }));
    foot.append(line);
    ledger.append(foot);
    parts.push(ledger);

    const say = (head, sentences) => {
      if (!sentences.length) return;
      const list = make("ul");
      sentences.forEach((sentence) => list.append(make("li", sentence)));
      parts.push(make("h4", head), list);
    };
    say("What changed since the last scored day", (story.lead_score_changes || []).map((row) =>
      `${signed(row.change, 4)}: ${row.reason || row.rule_id}, ${round(row.points_before, 4)} on ${row.since} and ${round(row.points_now, 4)} now`));
    const ahead = story.lead_outlook;
    say("If nothing happens", ahead && ahead.drops_out_on ? [
      `Drops out of its tier on ${ahead.drops_out_on}, with ${round(ahead.score_then, 1)}. ${ahead.because_of || ""}`] : []);
    const gaps = story.lead_unknowns;
    say("What is not known", gaps && gaps.unknown_fields ? [
      `${gaps.unknown_fields}. The score could be anything from ${round(gaps.lowest_score, 1)} to ${round(gaps.highest_score, 1)}`
      + (gaps.lowest_tier !== gaps.highest_tier ? `, the tier from ${gaps.lowest_tier || "none"} to ${gaps.highest_tier || "none"}` : "")
      + (gaps.deciding_field ? `; ${gaps.deciding_field} would tell most.` : ".")] : []);
    const chance = story.lead_confidence;
    say("How likely", chance && chance.probability !== null ? [
      `${percent(chance.probability)} have their outcome (${percent(chance.low)} to ${percent(chance.high)}).`] : []);
    say("Handed over", (story.hand_overs || []).map((row) =>
      `Due on ${row.due_on} in ${row.tier} with ${round(row.score, 1)}, ${row.released_at ? `released on ${row.released_at.slice(0, 10)}` : "not released yet"}`
      + (row.recycled_on ? `, back on ${row.recycled_on}: ${row.recycle_reason || "no reason given"}` : "")));
    return parts;
  }

  // The rule book.
  async function showRules() {
    await load("rules");
    const wanted = $("rules-text").value.trim().toLowerCase();
    const box = $("rules-found");
    box.replaceChildren();
    for (const model of [...new Set(rules.map((rule) => rule.model_id))]) {
      const rows = rules.filter((rule) => rule.model_id === model && !rule.rule_id.startsWith("cap:")
        && `${rule.rule_id} ${rule.reason} ${rule.dimension} ${rule.owner}`.toLowerCase().includes(wanted));
      if (!rows.length) continue;
      box.append(make("h3", model));
      const card = make("div", null, { class: "card", tabindex: "0", role: "region", "aria-label": `Rules of ${model}` });
      card.append(table(
        ["Reason", "Rule", "Dimension", "Owner", "Points", "Leads met", "With outcome"],
        rows.map((rule) => [rule.reason, [rule.rule_id, "soft"], [rule.dimension || "", "soft"], [rule.owner || "", "soft"],
          rule.points === null ? "" : [signed(rule.points, 4), rule.points > 0 ? "gain" : "loss"],
          rule.leads_met === null ? "" : rule.leads_met.toLocaleString("en"),
          rule.outcomes_met === null ? "" : rule.outcomes_met.toLocaleString("en")]),
        [4, 5, 6]));
      box.append(card);
    }
  }

  async function begin() {
    try {
      await load("leads");
    } catch (error) {
      $("find-count").textContent = error.message;
      return;
    }
    leads.models.forEach((model, n) => $("find-model").append(make("option", model, { value: n })));
    const first = leads.models.indexOf($("find").dataset.model);
    $("find-model").value = String(Math.max(first, 0));
    leads.tiers.filter(Boolean).forEach((tier) => $("find-tier").append(make("option", tier, { value: tier })));
    const owners = [...new Set(leads.owners.map((owner) => owner || NOBODY))].sort();
    owners.forEach((owner) => $("find-owner").append(make("option", owner, { value: owner })));
    $("find-owner").parentElement.hidden = owners.length === 1 && owners[0] === NOBODY;
    let waiting = 0;
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(find, 120); };
    $("find-text").addEventListener("input", soon);
    $("find-model").addEventListener("change", find);
    $("find-tier").addEventListener("change", find);
    $("find-owner").addEventListener("change", find);
    $("find").addEventListener("submit", (event) => { event.preventDefault(); find(); const one = $("found").querySelector("button"); one && one.focus(); });
    find();
    const asked = new URLSearchParams(location.hash.slice(1));
    const place = leads.ids.indexOf(asked.get("lead"));
    if (place >= 0) open(place, Math.max(leads.models.indexOf(asked.get("model")), 0));
  }

  $("rules-open").addEventListener("toggle", (event) => { if (event.target.open) showRules(); });
  $("rules-text").addEventListener("input", showRules);
  // What can be read at once comes first.
  window.addEventListener("load", () => setTimeout(begin));
})();
