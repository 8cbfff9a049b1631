/* Prints curation/extract/mathematics/symbols.json: {character: TeX command}.
 *
 * Renders every command that MathJax 4 knows to MathML, with it and with KaTeX; a command that
 * becomes one character names it. Of several names wins the one in USUAL, then one that KaTeX knows too, then the shortest.
 *
 *   npm install && node symbols.mjs > ../../curation/extract/mathematics/symbols.json
 */
import katex from 'katex';
import {mathjax} from '@mathjax/src/js/mathjax.js';
import {TeX} from '@mathjax/src/js/input/tex.js';
import {MapHandler} from '@mathjax/src/js/input/tex/MapHandler.js';
import {liteAdaptor} from '@mathjax/src/js/adaptors/liteAdaptor.js';
import {RegisterHTMLHandler} from '@mathjax/src/js/handlers/html.js';
import {SerializedMmlVisitor} from '@mathjax/src/js/core/MmlTree/SerializedMmlVisitor.js';
import {STATE} from '@mathjax/src/js/core/MathItem.js';
import '@mathjax/src/js/input/tex/base/BaseConfiguration.js';
import '@mathjax/src/js/input/tex/ams/AmsConfiguration.js';

const USUAL = new Set(`to leq geq neq neg wedge vee ni ldots cdots vdots ddots mid parallel in notin
  subset subseteq supset supseteq cup cap setminus emptyset infty partial nabla forall exists times
  cdot div pm mp ast star circ bullet oplus otimes equiv approx sim simeq cong propto ll gg perp
  langle rangle lfloor rfloor lceil rceil Rightarrow Leftarrow Leftrightarrow leftarrow mapsto
  leftrightarrow uparrow downarrow iff hookrightarrow longrightarrow sum prod int iint oint angle
  triangle square diamond backslash prime hbar ell Re Im aleph wp models vdash top bot dagger ddagger
  epsilon varepsilon phi varphi theta vartheta rho varrho sigma varsigma pi varpi kappa varkappa
  S P pounds checkmark complement nexists sqcup sqcap prec succ preceq succeq coprod bigcup bigcap
  bigoplus bigotimes bigvee bigwedge biguplus bigsqcup uplus amalg wr rightharpoonup
  rightleftharpoons therefore because blacksquare Box lozenge`.split(/\s+/));

const MAPS = ['lcGreek', 'ucGreek', 'mathchar0mi', 'mathchar0mo', 'mathchar7', 'delimiter', 'macros',
  'AMSmath-mathchar0mo', 'AMSmath-macros', 'AMSmath-delimiter', 'AMSsymbols-mathchar0mi',
  'AMSsymbols-mathchar0mo', 'AMSsymbols-delimiter', 'AMSsymbols-macros'];

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);
const page = mathjax.document('', {InputJax: new TeX({packages: ['base', 'ams']})});
const visitor = new SerializedMmlVisitor();

function byMathJax(name) {
  return visitor.visitTree(page.convert('\\' + name, {end: STATE.CONVERT}));
}

function byKatex(name) {
  return katex.renderToString('\\' + name, {strict: false, output: 'mathml'})
    .replace(/<annotation.*<\/annotation>/s, '');
}

function character(render, name) {
  let mathml;
  try {
    mathml = render(name);
  } catch {
    return null;
  }
  const tokens = [...mathml.matchAll(/<m([ion])\b([^>]*)>([^<]*)<\/m\1>/g)];
  if (tokens.length !== 1 || /<m(over|under|sup|sub|error|space|text)/.test(mathml)) return null;
  if (/mathvariant="(?!normal|italic)/.test(tokens[0][2])) return null;
  const text = tokens[0][3].replace(/&#x([0-9A-F]+);/g, (_, hex) =>
    String.fromCodePoint(parseInt(hex, 16)));
  return [...text].length === 1 && !/[\s!-~\u2061-\u2064]/.test(text) ? text : null;
}

const names = new Set(MAPS.flatMap(map =>
  [...MapHandler.getMap(map).map.keys()].map(name => name.replace(/^\\/, ''))));
const found = new Map();
for (const name of names) {
  if (!/^[A-Za-z]+$/.test(name) || name === 'notChar') continue;
  const [inMathJax, inKatex] = [character(byMathJax, name), character(byKatex, name)];
  const rank = [USUAL.has(name) ? 0 : 1, inKatex ? 0 : 1, String(name.length).padStart(2), name].join();
  for (const char of new Set([inMathJax, inKatex])) {
    if (char && !(found.get(char) < rank)) found.set(char, rank);
  }
}
const sorted = [...found].sort(([a], [b]) => a.codePointAt(0) - b.codePointAt(0));
const lines = sorted.map(([char, rank]) =>
  `  ${JSON.stringify(char)}: ${JSON.stringify('\\' + rank.split(',')[3])}`);
console.log(`{\n${lines.join(',\n')}\n}`);
