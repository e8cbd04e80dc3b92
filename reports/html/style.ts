// The page's style sheet, as text, so that the sources and the package have it the same way. Colours follow the reader's
// light or dark scheme.

export const css = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14171c);
  --paper: light-dark(#ffffff, #1b1f26);
  --raised: light-dark(#f0f2f5, #232831);
  --line: light-dark(#dfe3e8, #303743);
  --ink: light-dark(#1b2430, #e4e8ee);
  --soft: light-dark(#566273, #9aa6b6);
  --link: light-dark(#1558b0, #7cb4ff);
  --focus: light-dark(#1558b0, #7cb4ff);
  --green: light-dark(#1a7f45, #4cc38a);
  --red: light-dark(#c62a2f, #ff7b72);
  --amber: light-dark(#9a6200, #f0b429);
  --orange: light-dark(#b8500f, #ff9e64);
  --violet: light-dark(#6e49b8, #b79cff);
  --blue: light-dark(#2563a8, #6cb0f5);
  --teal: light-dark(#0f7681, #4fc4cf);
  --grey: light-dark(#647082, #8b97a7);
  --mono: ui-monospace, 'SF Mono', 'Cascadia Code', 'DejaVu Sans Mono', Menlo, Consolas, monospace;
  --tone: var(--grey);
  font: 14px/1.5 system-ui, 'Segoe UI', 'Liberation Sans', sans-serif;
  background: var(--ground);
  color: var(--ink);
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body { margin: 0; height: 100dvh; display: flex; flex-direction: column; overflow: hidden; }
h1, h2, p, pre, ul, ol, figure { margin: 0; }
h1 { font-size: 20px; line-height: 1.3; overflow-wrap: anywhere; }
h2 { font-size: 15px; margin: 24px 0 8px; }
h1:focus { outline: none; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
pre, code, .happenings, .lines, .pairs .what { font-family: var(--mono); font-size: 12.5px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; }
button, select, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 1px; border-radius: 4px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.quiet { color: var(--soft); font-size: 13px; }
.grow { flex: 1; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.skip { position: absolute; left: 8px; top: -60px; background: var(--paper); padding: 8px 12px; z-index: 30; border: 1px solid var(--line); border-radius: 6px; }
.skip:focus { top: 8px; }
noscript { padding: 24px; }

.passed { --tone: var(--green); }
.failed { --tone: var(--red); }
.missing, .unfinished { --tone: var(--violet); }
.infra, .harness { --tone: var(--orange); }
.flaky, .warned { --tone: var(--amber); }
.skipped { --tone: var(--grey); }

.top { display: flex; align-items: center; gap: 18px; padding: 0 20px; min-height: 52px; background: var(--paper); border-bottom: 1px solid var(--line); flex-wrap: wrap; }
.brand { display: flex; align-items: center; gap: 9px; color: var(--ink); font-weight: 650; font-size: 15px; }
.brand:hover { text-decoration: none; }
.lamps { width: 12px; height: 22px; border-radius: 6px; background: radial-gradient(circle at 50% 27%, var(--red) 0 3px, transparent 3.6px), radial-gradient(circle at 50% 73%, var(--green) 0 3px, transparent 3.6px), light-dark(#2a3340, #0b0d11); box-shadow: 0 0 0 1px var(--line); }
.about-run { color: var(--soft); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; max-width: 44vw; }
.totals { display: flex; flex: 1; min-width: 120px; max-width: 420px; height: 20px; gap: 2px; margin-left: auto; }
.totals .part { background: var(--tone); color: light-dark(#fff, #10151b); border-radius: 4px; font-size: 11.5px; font-weight: 600; line-height: 20px; text-align: center; min-width: 4px; overflow: hidden; white-space: nowrap; }
.views { display: flex; gap: 2px; align-self: stretch; }
.views a { display: flex; align-items: center; padding: 0 12px; color: var(--soft); border-bottom: 2px solid transparent; border-top: 2px solid transparent; }
.views a:hover { color: var(--ink); text-decoration: none; }
.views a[aria-current] { color: var(--ink); border-bottom-color: var(--link); font-weight: 600; }

main { flex: 1; overflow: auto; min-height: 0; outline: none; scrollbar-gutter: stable; }
main > article { max-width: 1480px; margin: 0 auto; padding: 14px 24px 60px; }
.back { margin-bottom: 8px; font-size: 13px; }

.gate { display: flex; gap: 18px; margin: 16px 20px 0; padding: 16px 20px; background: var(--paper); border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 10px; position: sticky; left: 20px; }
.gate.promote { --tone: var(--green); }
.gate.hold { --tone: var(--red); }
.gate.need-more-results { --tone: var(--amber); }
.gate h2 { margin: 0 0 2px; font-size: 17px; color: var(--tone); }
.aspect { display: flex; flex-direction: column; gap: 5px; padding: 7px; border-radius: 16px; background: light-dark(#2a3340, #0b0d11); align-self: flex-start; }
.lamp { width: 16px; height: 16px; border-radius: 50%; background: #4a5563; opacity: .55; }
.lamp.lit { background: var(--tone); opacity: 1; box-shadow: 0 0 8px var(--tone); }
.requirements { list-style: none; padding: 0; margin: 8px 0; display: grid; gap: 6px; }
.requirements li { display: flex; gap: 4px 10px; flex-wrap: wrap; align-items: baseline; }
.requirements .kind { font-size: 11.5px; font-weight: 650; text-transform: uppercase; letter-spacing: .04em; color: var(--tone); min-width: 60px; }
.decision { flex: 1; min-width: 0; }

.notices { margin: 12px 20px 0; display: grid; gap: 6px; position: sticky; left: 20px; }
.notice { padding: 7px 12px; border-radius: 7px; border: 1px solid var(--line); background: var(--paper); overflow-wrap: anywhere; margin: 6px 0; }
.notices .notice { margin: 0; }
.notice.warning { border-left: 3px solid var(--amber); }
.notice.info { border-left: 3px solid var(--blue); }
.notice.ended { border-left: 3px solid var(--violet); }
.notices details .notice { margin-top: 6px; }
summary { cursor: pointer; color: var(--soft); }
.failure details { margin-top: 10px; }

.findings { margin: 12px 20px 0; padding: 10px 14px; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; position: sticky; left: 20px; max-width: calc(100vw - 60px); }
.findings ul { list-style: none; padding: 0; display: grid; gap: 6px; }
.findings li { display: flex; gap: 10px; align-items: baseline; overflow-wrap: anywhere; }
.findings li b { color: var(--tone); font-weight: 600; }
.findings details { margin-top: 8px; }
.findings details:first-child { margin-top: 0; }
.findings details ul { margin-top: 8px; }
.toolbar { display: flex; gap: 12px; align-items: center; flex-wrap: wrap; padding: 12px 20px; position: sticky; top: 0; left: 0; background: var(--ground); z-index: 5; max-width: 100vw; }
.search { flex: 1 1 260px; max-width: 460px; }
.search input { width: 100%; padding: 7px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); font-family: var(--mono); font-size: 13px; }
select { padding: 5px 8px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); max-width: 100%; }
.order { color: var(--soft); font-size: 13px; }
.result { color: var(--soft); margin-left: auto; font-variant-numeric: tabular-nums; font-size: 13px; }
.chips { display: flex; gap: 6px; flex-wrap: wrap; }
.chip { display: inline-flex; align-items: center; gap: 6px; padding: 3px 10px; border-radius: 20px; border: 1px solid var(--line); background: var(--paper); color: var(--ink); font-size: 12.5px; cursor: pointer; font-variant-numeric: tabular-nums; }
.chip:hover { border-color: var(--tone); text-decoration: none; }
.chip .sign { color: var(--tone); font-weight: 700; background: none; width: auto; height: auto; }
.chip[aria-pressed='true'] { border-color: var(--tone); background: color-mix(in srgb, var(--tone) 14%, var(--paper)); }
.lane-chip[aria-pressed='false'] { opacity: .5; text-decoration: line-through; }

.sign { display: inline-flex; align-items: center; justify-content: center; width: 19px; height: 19px; border-radius: 6px; font-size: 12px; font-weight: 700; color: var(--tone); background: color-mix(in srgb, var(--tone) 16%, transparent); flex: none; }
.sign.big { width: 34px; height: 34px; font-size: 19px; border-radius: 10px; }

.matrix { --name: minmax(300px, 420px); min-width: min-content; padding: 0 20px 30px; }
.matrix .row { display: grid; align-items: center; height: 38px; border-bottom: 1px solid var(--line); background: var(--paper); padding-right: 16px; }
.matrix.one .row { grid-template-columns: var(--name) 140px minmax(160px, 1fr) 190px; }
.matrix.many .row { grid-template-columns: var(--name) repeat(var(--runs), minmax(112px, 170px)) minmax(0, 1fr); }
.matrix.many:has(.cause) .row { grid-template-columns: var(--name) repeat(var(--runs), 150px) minmax(160px, 1fr) 170px; }
.rows { position: relative; }
.rows > .row { position: absolute; left: 0; right: 0; top: 0; contain: layout style; }
.matrix .rows > .row:hover { background: var(--raised); }
.matrix .head { position: sticky; top: 56px; z-index: 4; background: var(--raised); color: var(--soft); font-size: 12.5px; border-radius: 8px 8px 0 0; border: 1px solid var(--line); border-width: 1px 0; }
.matrix .cell { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; padding: 0 10px; min-width: 0; }
.matrix .cell.name { display: flex; align-items: center; gap: 8px; position: sticky; left: 0; background: inherit; z-index: 1; height: 37px; padding-left: 16px; }
.matrix .cell.name > :first-child { overflow: hidden; text-overflow: ellipsis; color: var(--ink); flex: 0 1 auto; min-width: 0; }
.matrix .rows .cell.name > :first-child { font-weight: 550; }
.tag { color: var(--soft); font-size: 12px; flex: 0 100 auto; min-width: 20px; overflow: hidden; text-overflow: ellipsis; max-width: 130px; }
.matrix .head button { all: unset; cursor: pointer; overflow: hidden; text-overflow: ellipsis; max-width: 100%; display: block; }
.matrix.many .head button { white-space: normal; overflow-wrap: anywhere; font-size: 12px; line-height: 1.3; }
.matrix.many .head .part { display: block; }
.matrix.many .head .cell { align-self: end; }
.matrix.tight { --name: minmax(210px, 380px); }
.matrix.tight .row { grid-template-columns: var(--name) repeat(var(--runs), minmax(82px, 150px)) minmax(0, 1fr); }
.matrix.tight .cell.target { padding: 0 6px; }
.matrix.tight .verdict { margin: 0; }
.matrix.tight .verdict .word { display: none; }
.matrix.many .head.row { height: auto; min-height: 38px; padding-top: 5px; padding-bottom: 5px; align-items: end; }
.matrix .head .cell.name { height: auto; align-self: stretch; align-items: end; }
.matrix .head button:hover { color: var(--link); }
.matrix .head button:focus-visible { outline: 2px solid var(--focus); }
.verdict { display: flex; align-items: center; gap: 8px; color: var(--ink); height: 30px; border-radius: 7px; padding: 0 6px; margin: 0 -6px; }
a.verdict:hover { background: color-mix(in srgb, var(--tone) 12%, transparent); text-decoration: none; }
.verdict .word { font-variant-numeric: tabular-nums; font-size: 13px; }
.verdict.passed .word, .verdict.skipped .word { color: var(--soft); }
.verdict:not(.passed, .skipped) .word { color: var(--tone); font-weight: 600; }
.times { color: var(--soft); font-size: 12px; }
.cell.cause { color: var(--soft); font-size: 13px; }
.matrix .cell.time { display: grid; grid-template-columns: 96px 1fr; align-items: center; }
.bar { display: inline-block; height: 6px; border-radius: 3px; background: color-mix(in srgb, var(--blue) 65%, transparent); width: calc(var(--share) * 90px); min-width: 1px; }
.amount { font-variant-numeric: tabular-nums; font-size: 12.5px; color: var(--soft); }
.nothing { padding: 30px 20px; }
.nothing:empty { display: none; }

.headline { display: flex; align-items: center; gap: 14px; margin-bottom: 10px; }
.button, .copyable button, .controls button { display: inline-flex; align-items: center; padding: 5px 12px; border: 1px solid var(--line); border-radius: 8px; background: var(--paper); color: var(--ink); cursor: pointer; font-size: 13px; white-space: nowrap; }
.button:hover, .copyable button:hover, .controls button:hover { border-color: var(--link); text-decoration: none; }
.tabs { display: flex; gap: 4px; flex-wrap: wrap; margin: 8px 0; }
.tab { display: inline-flex; align-items: center; gap: 7px; padding: 6px 12px; border-radius: 8px; border: 1px solid transparent; color: var(--ink); }
.tab:hover { background: var(--raised); text-decoration: none; }
.tab[aria-current] { border-color: var(--line); background: var(--paper); box-shadow: inset 0 -2px var(--tone); }
.others { display: flex; gap: 6px; flex-wrap: wrap; align-items: center; margin: 8px 0; }
.description { margin: 6px 0; }

.failure { margin: 12px 0; padding: 14px 18px; background: var(--paper); border: 1px solid var(--line); border-left: 4px solid var(--red); border-radius: 10px; }
.failure.soft { border-left-color: var(--amber); }
.failure h2 { margin: 0 0 2px; font-size: 15px; overflow-wrap: anywhere; }
.failure pre { margin-top: 10px; }
.failure .hint { margin-top: 8px; }
.frame, .evidence, .output, .pane pre, .side pre, .notice pre { background: var(--ground); border: 1px solid var(--line); border-radius: 7px; padding: 9px 12px; }
.frame { white-space: pre; overflow-x: auto; }
.frame .hit { color: var(--red); font-weight: 650; }
.evidence { max-height: 260px; overflow: auto; }
figcaption { color: var(--soft); font-size: 12.5px; margin-top: 10px; }
.failure figcaption + pre { margin-top: 4px; }
.rerun h2 { margin: 18px 0 6px; }
.rerun .quiet { margin-top: 4px; }
.copyable { display: inline-flex; gap: 8px; align-items: center; flex-wrap: wrap; max-width: 100%; }
.copyable code { background: var(--raised); border: 1px solid var(--line); border-radius: 7px; padding: 5px 10px; overflow-wrap: anywhere; }
.copyable button { padding: 3px 10px; }
.said { color: var(--green); font-size: 12.5px; }

.timeline { background: var(--paper); border: 1px solid var(--line); border-radius: 10px 10px 0 0; overflow: hidden; }
.controls { display: flex; gap: 6px; align-items: center; padding: 7px 10px; border-bottom: 1px solid var(--line); }
.controls button { padding: 2px 10px; min-width: 32px; justify-content: center; }
.controls .span { font-variant-numeric: tabular-nums; font-size: 12.5px; color: var(--soft); margin-left: 8px; }
.controls .hint { margin-left: auto; font-size: 12px; }
.board { position: relative; cursor: crosshair; touch-action: pan-y; overflow: hidden; user-select: none; }
.board.over { cursor: pointer; }
.board:focus-visible { outline-offset: -2px; }
.lanes { display: block; }
.lane-back { fill: transparent; }
.lane-back.odd { fill: color-mix(in srgb, var(--raised) 55%, transparent); }
.label-back { fill: var(--paper); }
.label { fill: var(--soft); font-size: 12px; }
.tick line { stroke: var(--line); }
.tick text { fill: var(--soft); font-size: 11px; font-variant-numeric: tabular-nums; }
.lane { --tone: var(--blue); }
.lane.phase { --tone: var(--grey); }
.lane.step { --tone: var(--blue); }
.lane.fault { --tone: var(--orange); }
.lane.command { --tone: var(--teal); }
.lane.request { --tone: var(--amber); }
.lane.machine { --tone: var(--violet); }
.lane.subtest { --tone: var(--green); }
.lane.journal { --tone: var(--grey); }
.lane.console { --tone: var(--grey); }
.lanes .item { fill: color-mix(in srgb, var(--tone) 30%, var(--paper)); stroke: color-mix(in srgb, var(--tone) 70%, transparent); stroke-width: 1; }
.lanes .item.failed { --tone: var(--red); }
.lanes .item.warned { --tone: var(--amber); }
.lanes .item.skipped { --tone: var(--grey); }
.lanes .item.open { --tone: var(--violet); stroke-dasharray: 4 3; }
.lanes .item.chosen, .lanes .line.chosen { stroke: var(--ink); stroke-width: 2; }
.lanes .line { fill: color-mix(in srgb, var(--tone) 60%, transparent); }
.lanes .line.failed { fill: var(--red); }
.lanes .line.warned { fill: var(--amber); }
.bar-text { fill: var(--ink); font-size: 11.5px; pointer-events: none; }
.bar-text.marks { fill: var(--soft); }
.cursor { position: absolute; top: 0; bottom: 0; left: 0; width: 1px; background: var(--red); pointer-events: none; }
.cursor span { position: absolute; top: 3px; left: 4px; background: var(--red); color: light-dark(#fff, #10151b); font-size: 11px; padding: 0 5px; border-radius: 4px; white-space: nowrap; font-variant-numeric: tabular-nums; }
.brush { position: absolute; top: 0; bottom: 0; left: 0; background: color-mix(in srgb, var(--link) 20%, transparent); border: 1px solid var(--link); border-width: 0 1px; pointer-events: none; }
.tip { position: absolute; left: 0; top: 0; max-width: 460px; background: var(--ink); color: var(--ground); padding: 5px 10px; border-radius: 7px; font-size: 12.5px; pointer-events: none; z-index: 6; display: grid; overflow-wrap: anywhere; }

.happening-area { border: 1px solid var(--line); border-top: 0; border-radius: 0 0 10px 10px; background: var(--paper); overflow: hidden; }
.happening-tools { display: flex; gap: 10px; align-items: center; flex-wrap: wrap; padding: 8px 10px; border-bottom: 1px solid var(--line); }
.happening-tools input[type='search'] { padding: 4px 10px; border: 1px solid var(--line); border-radius: 8px; background: var(--ground); min-width: 200px; font-size: 13px; }
.check { font-size: 13px; color: var(--soft); display: inline-flex; gap: 5px; align-items: center; }
.happening-split { display: grid; grid-template-columns: minmax(0, 1.55fr) minmax(260px, 1fr); height: 460px; }
.scroller { overflow: auto; border-right: 1px solid var(--line); }
.happenings .row { display: grid; grid-template-columns: 78px 92px minmax(0, 1fr) 70px; height: 26px; align-items: center; padding: 0 10px; gap: 10px; cursor: default; border-left: 3px solid transparent; }
.happenings .head { position: sticky; top: 0; background: var(--raised); color: var(--soft); z-index: 2; font: 12px/26px system-ui, 'Liberation Sans', sans-serif; border-bottom: 1px solid var(--line); }
.happenings .rows .row:hover { background: var(--raised); }
.happenings .row[aria-selected='true'] { background: color-mix(in srgb, var(--link) 16%, var(--paper)); border-left-color: var(--link); }
.happenings .row:focus-visible { outline-offset: -2px; }
.happenings span { overflow: hidden; text-overflow: ellipsis; white-space: pre; }
.happenings .at, .happenings .took { text-align: right; color: var(--soft); font-variant-numeric: tabular-nums; }
.happenings .kind { color: var(--soft); font-size: 11.5px; }
.happenings .what { padding-left: calc(var(--depth, 0) * 14px); }
.happenings .row.phase .what, .happenings .row.step .what { font-weight: 650; }
.happenings .row.command .what { color: var(--teal); }
.happenings .row.fault .what { color: var(--orange); font-weight: 650; }
.happenings .row.machine .what { color: var(--violet); }
.happenings .row.failed .what { color: var(--red); }
.happenings .row.warned .what { color: var(--amber); }
.pane { overflow: auto; padding: 12px 14px; }
.pane pre { margin-top: 8px; }
.pane .title { border-color: transparent; padding: 0; background: none; font-weight: 600; }
.omitted { color: var(--soft); font-size: 12.5px; padding-left: 18px; margin-top: 6px; }
.omitted:empty { display: none; }

table { border-collapse: collapse; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
th, td { padding: 5px 12px; text-align: left; font-weight: 400; border-bottom: 1px solid var(--line); vertical-align: middle; overflow-wrap: anywhere; }
tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-size: 12.5px; }
tbody th { color: var(--soft); }
caption { text-align: left; font-weight: 600; padding: 8px 2px; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 20px; align-items: flex-start; }
.figures .machine caption { padding-top: 0; }
.figures > table:first-child { margin-top: 29px; }
.figures .machine td { font-family: var(--mono); font-size: 12.5px; }
.strip .axis { stroke: var(--line); }
.strip .dot { fill: color-mix(in srgb, var(--blue) 45%, transparent); }
.strip .middle, .chart .middle { stroke: var(--soft); stroke-width: 1.5; }
.strip .own { fill: var(--red); }
.strip { display: block; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(360px, 1fr)); gap: 16px; margin: 14px 0; }
.chart { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 12px 16px; }
.chart figcaption { margin: 0 0 8px; }
.chart rect, .chart .area { fill: color-mix(in srgb, var(--blue) 70%, transparent); }
.chart.fork rect { fill: color-mix(in srgb, var(--violet) 70%, transparent); }
.chart text { fill: var(--soft); font-size: 11px; }
.chart svg { width: 100%; height: auto; display: block; }
.stack { display: flex; height: 22px; border-radius: 6px; overflow: hidden; margin: 6px 0; gap: 1px; }
.share { width: calc(var(--share) * 100%); background: var(--tone); }
.p0 { --tone: var(--violet); } .p1 { --tone: var(--blue); } .p2 { --tone: var(--green); } .p3 { --tone: var(--amber); } .p4 { --tone: var(--teal); } .p5 { --tone: var(--grey); }
.legend { display: flex; gap: 6px 18px; flex-wrap: wrap; list-style: none; padding: 0; font-size: 13px; }
.legend .dot { display: inline-block; width: 10px; height: 10px; border-radius: 3px; background: var(--tone); margin-right: 6px; }
.slowest { min-width: min(720px, 100%); }
.slowest td { width: 300px; }
.meter { display: inline-flex; gap: 10px; align-items: center; font-variant-numeric: tabular-nums; white-space: nowrap; }
.meter .bar { width: calc(var(--share) * 140px); min-width: 2px; }
.about table { margin-bottom: 18px; max-width: 900px; width: 100%; }
.about tbody th { width: 180px; }
.about td { font-family: var(--mono); font-size: 12.5px; }

.cause-card { background: var(--paper); border: 1px solid var(--line); border-left: 4px solid var(--tone); border-radius: 10px; padding: 12px 18px; margin: 12px 0; }
.cause-card h2 { margin: 0; display: flex; gap: 10px; align-items: center; overflow-wrap: anywhere; font-size: 14.5px; }
.cause-card ul { margin: 6px 0 0; padding-left: 20px; columns: 2 340px; }

.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; align-items: start; }
.side { min-width: 0; }
.side pre { margin-top: 6px; max-height: 300px; overflow: auto; }
.side pre.failed { border-color: var(--red); }
.first-difference { background: var(--paper); border: 1px solid var(--line); border-left: 4px solid var(--amber); border-radius: 10px; padding: 12px 18px; margin: 14px 0; }
.first-difference h2 { margin: 0 0 8px; }
.lines { list-style: none; padding: 8px 0; background: var(--paper); border: 1px solid var(--line); border-radius: 10px; max-height: 340px; overflow: auto; }
.lines li { display: grid; grid-template-columns: 84px 70px 1fr; gap: 10px; padding: 1px 14px; }
.lines .at, .lines .kind, .pairs .at { color: var(--soft); font-variant-numeric: tabular-nums; }
.lines .failed .what { color: var(--red); }
.lines .warned .what { color: var(--amber); }
.lines .what { overflow-wrap: anywhere; }
.pairs { width: 100%; table-layout: fixed; }
.pairs th:first-child { width: 34px; }
.pairs td { padding: 3px 10px; vertical-align: top; }
.pairs .mark { font-weight: 700; text-align: center; }
.pairs .at { display: inline-block; width: 76px; font-size: 12px; }
.pairs .what { overflow-wrap: anywhere; margin-right: 8px; }
.pairs .what.failed { color: var(--red); }
.pairs .changed { background: color-mix(in srgb, var(--amber) 11%, var(--paper)); }
.pairs .only-left { background: color-mix(in srgb, var(--red) 9%, var(--paper)); }
.pairs .only-right { background: color-mix(in srgb, var(--green) 9%, var(--paper)); }
.phases { margin: 10px 0; }

@media (max-width: 900px) {
  .about-run { max-width: 100%; order: 9; flex-basis: 100%; padding-bottom: 6px; }
  .happening-split { grid-template-columns: 1fr; height: auto; }
  .scroller { height: 380px; border-right: 0; border-bottom: 1px solid var(--line); }
  .sides { grid-template-columns: 1fr; }
  .controls .hint { display: none; }
  .matrix { --name: 220px; }
  .matrix.one .row { grid-template-columns: var(--name) 120px minmax(140px, 1fr) 160px; }
}
@media print {
  body { height: auto; overflow: visible; display: block; }
  main { overflow: visible; }
}
@media (forced-colors: active) {
  .sign, .bar, .part, .lamp { forced-color-adjust: none; }
}
`
