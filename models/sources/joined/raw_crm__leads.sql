{{ join_leads() }}
