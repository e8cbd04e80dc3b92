// What the dashboard adds to the style sheet of the report.

export const dashboardCss = `
h3 { margin: 0; font-size: 16px; }
.empty { background: var(--paper); border: 1px dashed var(--line); border-radius: 10px; padding: 18px 20px; margin: 10px 0; }
.empty p { margin-bottom: 8px; }
.wide { overflow-x: auto; margin: 8px 0; border-radius: 8px; }
table.list { width: 100%; }
table.list td, table.list th { white-space: normal; }
table.list thead th { white-space: nowrap; background: var(--raised); }
table.list tbody th { color: var(--ink); }
table.list tbody tr:hover { background: var(--raised); }
table.list .number { text-align: right; white-space: nowrap; }
.mark { display: inline-flex; align-items: center; gap: 7px; color: var(--ink); white-space: nowrap; }
.running { --tone: var(--blue); }
.counts { display: inline-flex; align-items: center; gap: 10px; flex-wrap: wrap; }
.counts .totals { width: 120px; min-width: 120px; height: 10px; margin: 0; flex: none; }
.counts .part.open { background: var(--raised); border: 1px solid var(--line); }
.count { color: var(--tone); font-size: 12.5px; font-weight: 600; white-space: nowrap; font-variant-numeric: tabular-nums; }
.count.passed { color: var(--soft); font-weight: 400; }

.channels { display: grid; gap: 14px; }
.channel { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; }
.channel-head { display: flex; gap: 6px 14px; align-items: center; flex-wrap: wrap; }
.channel-head h3 { min-width: 76px; }
.channel > p, .next > p { margin-top: 8px; }
.channel .gate { margin: 10px 0 0; padding: 12px 16px; background: var(--ground); position: static; }
.image code { color: var(--soft); }
.past { width: 12px; height: 12px; border-radius: 50%; background: var(--tone); }
.past.promote { --tone: var(--green); }
.past.hold { --tone: var(--red); border-radius: 3px; }
.past.need-more-results { --tone: var(--amber); border-radius: 6px 6px 1px 1px; }

.live-runs { display: grid; gap: 8px; }
.live-run { display: flex; gap: 8px 14px; align-items: center; flex-wrap: wrap; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 10px 16px; }
.live-run .now { flex-basis: 100%; padding-left: 24px; overflow-wrap: anywhere; }
.pulse { width: 10px; height: 10px; border-radius: 50%; background: var(--grey); flex: none; }
.live-run.live .pulse { background: var(--blue); animation: pulse 1.6s ease-in-out infinite; }
.live-run.stopped .pulse { background: var(--violet); border-radius: 2px; }
@keyframes pulse { 50% { opacity: .3; } }
@media (prefers-reduced-motion: reduce) { .live-run.live .pulse { animation: none; } }
.live-said { color: var(--soft); margin: 6px 0 10px; }
.live-said.over { color: var(--ink); font-weight: 600; }
.live-head { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 14px 18px; margin-bottom: 12px; }
.live-head .counts { margin: 6px 0; }
.live-head .counts .totals { width: 260px; height: 14px; }
.live-targets { list-style: none; padding: 0; margin-top: 4px; }
.live-list td.what { font-family: var(--mono); font-size: 12.5px; color: var(--soft); width: 50%; }
.live-list tr.failed td.what { color: var(--red); }
.live-list tbody th { font-weight: 550; }

.big { font-size: 22px; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.3; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 14px; margin: 14px 0; }
.card { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 12px 18px; }
.card h2 { margin: 0; font-size: 13px; color: var(--soft); font-weight: 600; }
.choices { display: flex; gap: 6px; flex-wrap: wrap; margin: 8px 0; }
.chip.chosen { border-color: var(--link); background: color-mix(in srgb, var(--link) 14%, var(--paper)); cursor: default; }
.rate { display: inline-flex; align-items: center; gap: 10px; white-space: nowrap; }
.rate-track { position: relative; width: 110px; height: 12px; border-radius: 6px; background: var(--raised); border: 1px solid var(--line); }
.rate-span { position: absolute; top: 2px; bottom: 2px; left: calc(var(--low) * 100%); right: calc((1 - var(--high)) * 100%); min-width: 2px; border-radius: 4px; background: color-mix(in srgb, var(--blue) 45%, transparent); }
.card .rate .point { display: none; }
.rate .amount.point { min-width: 46px; text-align: right; color: var(--ink); }
.rate-point { position: absolute; top: -2px; bottom: -2px; width: 3px; border-radius: 2px; background: var(--blue); left: calc(var(--at) * (100% - 3px)); }
.trend-page .charts { grid-template-columns: repeat(auto-fit, minmax(min(480px, 100%), 1fr)); }
.chart .grid line { stroke: var(--line); stroke-width: 1; }
.chart .rate-line, .chart .time-line { fill: none; stroke: color-mix(in srgb, var(--soft) 60%, transparent); stroke-width: 1.5; }
.chart .interval { fill: color-mix(in srgb, var(--tone) 30%, transparent); }
.chart .point { fill: var(--tone); }
.chart .time-point { fill: var(--blue); }
.chart .time-line { stroke: color-mix(in srgb, var(--blue) 50%, transparent); }
.filter { display: flex; gap: 14px; align-items: center; margin: 12px 0; }
.overview > h2:first-of-type { margin-top: 6px; }
.channels + .quiet { margin-top: 8px; }
.chooser { display: flex; gap: 10px 16px; flex-wrap: wrap; align-items: center; margin: 12px 0; }
.chooser label { display: grid; grid-template-columns: 56px minmax(0, 1fr); align-items: center; color: var(--soft); flex: 1 1 100%; max-width: 760px; }
.chooser select { color: var(--ink); }
.group h2 { display: flex; gap: 8px; align-items: center; }
.group h2 .sign { width: auto; min-width: 22px; padding: 0 6px; }
.more { color: var(--orange); }
.less { color: var(--teal); }
`
