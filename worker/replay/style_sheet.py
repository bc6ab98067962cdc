"""How the page of a replay looks, in the light and in the dark."""

from __future__ import annotations

STYLE_SHEET = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1b1f24; --quiet: #5b6570;
  --rule: #dfe3e8; --stored: #8a5a00; --candidate: #0b62b8; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171a; --ink: #e8eaed; --quiet: #9aa4af;
  --rule: #30363d; --stored: #f0b34a; --candidate: #6db3f8; } }
body { margin: 0 auto; padding: 1.5rem; max-width: 62rem; background: var(--paper);
  color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0 0 1rem; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(24rem, 100%), 1fr));
  gap: 1.5rem; margin-top: 1.5rem; }
figure { margin: 0; }
figcaption { font-weight: 600; }
.table { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .75rem; border-bottom: 1px solid var(--rule); text-align: right;
  vertical-align: top; }
th { color: var(--quiet); font-weight: 500; }
th.text, td.text { text-align: left; }
svg { width: 100%; height: auto; }
svg text { fill: var(--quiet); font: 11px system-ui, sans-serif; }
svg .title { fill: var(--ink); }
svg .grid { stroke: var(--rule); }
svg polyline { fill: none; }
svg line.stored, svg polyline.stored { stroke: var(--stored); stroke-width: 2;
  stroke-dasharray: 6 4; }
svg line.candidate, svg polyline.candidate { stroke: var(--candidate); stroke-width: 2; }
svg .diagonal { stroke: var(--quiet); stroke-dasharray: 2 4; }
svg circle.stored { fill: var(--paper); stroke: var(--stored); stroke-width: 2; }
svg circle.candidate { fill: var(--candidate); }
svg rect.candidate { fill: var(--candidate); fill-opacity: .75; }
svg rect.stored { fill: var(--stored); fill-opacity: .55; }
"""
