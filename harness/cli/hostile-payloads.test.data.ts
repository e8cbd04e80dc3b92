// Texts as a hostile guest would write them: markup, scripts, terminal escapes, characters that deceive.

/** Each would set `window.owned`, open a dialog, ask the network, lead away, or deceive, if it acted. */
export const payloads: readonly string[] = [
  '<script>window.owned=1;alert(1)</script>',
  '</script><script>window.owned=2</script>',
  '<img src=x onerror="window.owned=3">',
  '<svg onload="window.owned=4"></svg>',
  '<iframe srcdoc="<script>parent.owned=5</script>"></iframe>',
  '<style>*{display:none!important}</style>',
  '<a href="javascript:window.owned=6">click</a>',
  '<link rel=stylesheet href=http://127.0.0.1:9/x.css>',
  '<meta http-equiv=refresh content="0;url=http://127.0.0.1:9/">',
  '<base href="http://127.0.0.1:9/">',
  '<form action="http://127.0.0.1:9/"><button autofocus>go</button></form>',
  '"><img src=http://127.0.0.1:9/p.png>',
  "'-window.owned=7-'",
  '${window.owned=8}{{constructor.constructor("window.owned=9")()}}',
  '<!--<script>',
  ']]><!DOCTYPE x [<!ENTITY a "b">]>',
  '\u001B]8;;http://127.0.0.1:9/\u0007link\u001B]8;;\u0007\u001B[31mred\u001B[2J\u009B31m',
  'moc.live//:sptth\u202Egnp.exe\u2066\u200Fabc\u2069',
  '\u0000\u0008\u{E0041}\uFEFF\uD800 lone',
  '\u2028window.owned=10\u2029',
  '__proto__',
]
