/* Formulas as the real renderers leave them on a page.
 *
 * In: lines of JSON, {tex, display}, on standard input. Out: for each, a line of JSON.
 *   node render.mjs ways     {way: html} for every renderer, output and option
 *   node render.mjs mathml   MathML by MathJax 4, which `benchmarks.formulas` compares formulas by
 */
import {createInterface} from 'node:readline';
import {createRequire} from 'node:module';
import katex from 'katex';
import temml from 'temml';
import {mathjax} from '@mathjax/src/js/mathjax.js';
import {TeX} from '@mathjax/src/js/input/tex.js';
import {CHTML} from '@mathjax/src/js/output/chtml.js';
import {SVG} from '@mathjax/src/js/output/svg.js';
import {liteAdaptor} from '@mathjax/src/js/adaptors/liteAdaptor.js';
import {RegisterHTMLHandler} from '@mathjax/src/js/handlers/html.js';
import {AssistiveMmlHandler} from '@mathjax/src/js/a11y/assistive-mml.js';
import {SerializedMmlVisitor} from '@mathjax/src/js/core/MmlTree/SerializedMmlVisitor.js';
import {STATE} from '@mathjax/src/js/core/MathItem.js';
import '@mathjax/src/js/util/asyncLoad/esm.js';
import '@mathjax/src/js/input/tex/ams/AmsConfiguration.js';
import '@mathjax/src/js/input/tex/base/BaseConfiguration.js';
import '@mathjax/src/js/input/tex/boldsymbol/BoldsymbolConfiguration.js';
import '@mathjax/src/js/input/tex/cancel/CancelConfiguration.js';

const require = createRequire(import.meta.url);
const packages = ['base', 'ams', 'boldsymbol', 'cancel'];

function escaped(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}

// One MathJax 3 or 4: its documents for an output, and its MathML.
function newMathJax(parts) {
  const adaptor = parts.liteAdaptor();
  parts.AssistiveMmlHandler(parts.RegisterHTMLHandler(adaptor));
  const page = (output, assistive) => parts.mathjax.document('', {
    InputJax: new parts.TeX({packages, formatError: (_, error) => {throw error;}}),
    OutputJax: output,
    enableAssistiveMml: assistive,
  });
  const pages = {
    chtml: page(new parts.CHTML(), false),
    svg: page(new parts.SVG({fontCache: 'local'}), false),
    'chtml-assistive': page(new parts.CHTML(), true),
    'svg-assistive': page(new parts.SVG({fontCache: 'local'}), true),
  };
  const visitor = new parts.SerializedMmlVisitor();
  const mathml = async ({tex, display}) => visitor.visitTree(await parts.mathjax.handleRetriesFor(
    () => pages.chtml.convert(tex, {display, end: parts.STATE.CONVERT})));
  const drawn = async (name, {tex, display}) => adaptor.outerHTML(
    await parts.mathjax.handleRetriesFor(() => pages[name].convert(tex, {display})));
  return {mathml, drawn, outputs: Object.keys(pages)};
}

const mathjax4 = newMathJax({mathjax, TeX, CHTML, SVG, liteAdaptor, RegisterHTMLHandler,
  AssistiveMmlHandler, SerializedMmlVisitor, STATE});

function newMathJax3() {
  require('mathjax-full/js/input/tex/AllPackages.js');
  return newMathJax(Object.assign({}, ...['mathjax', 'input/tex', 'output/chtml', 'output/svg',
    'adaptors/liteAdaptor', 'handlers/html', 'a11y/assistive-mml', 'core/MathItem',
    'core/MmlTree/SerializedMmlVisitor'].map(path => require(`mathjax-full/js/${path}.js`))));
}

// MathJax 2 runs in browsers; mathjax-node is what runs it elsewhere.
function newMathJax2() {
  const node = require('mathjax-node');
  node.config({displayErrors: false});
  node.start();
  return ({tex, display}) => new Promise((resolve, reject) => node.typeset(
    {math: tex, format: display ? 'TeX' : 'inline-TeX', html: true, svg: true, mml: true},
    data => data.errors ? reject(new Error(data.errors)) : resolve(data)));
}

// What a browser's page holds after MathJax 2: a preview, the frame with its MathML, the script.
function asInBrowser({tex, display}, number, {html, svg, mml}) {
  const id = `MathJax-Element-${number}`;
  const oneLine = mml.replace(/\n\s*/g, '').replace(/<!--.*?-->/g, '').replace(/ alttext="[^"]*"/, '');
  const attributes = `id="${id}-Frame" tabindex="0" data-mathml="${escaped(oneLine)}" role="presentation"`;
  const assistive = `<span class="MJX_Assistive_MathML${display ? ' MJX_Assistive_MathML_Block' : ''}" role="presentation">${oneLine}</span>`;
  const inner = html.replace(/^<span class="mjx-chtml[^>]*>/, '').replace(/<\/span>$/, '')
    .replace(/ aria-label="[^"]*"/, ' aria-hidden="true"');
  const drawing = svg.replace(/<title.*?<\/title>/s, '').replace(/ aria-labelledby="[^"]*"/, '');
  const frames = {
    chtml: `<span class="mjx-chtml MathJax_CHTML" ${attributes} style="font-size: 119%; position: relative;">${inner}${assistive}</span>`,
    svg: `<span class="MathJax_SVG" ${attributes} style="font-size: 100%; display: inline-block;">${drawing}${assistive}</span>`,
  };
  if (display) {
    frames.chtml = `<span class="mjx-chtml MJXc-display" style="text-align: center;">${frames.chtml}</span>`;
    frames.svg = `<div class="MathJax_SVG_Display" style="text-align: center;">${frames.svg}</div>`;
  }
  const script = `<script type="math/tex${display ? '; mode=display' : ''}" id="${id}">${tex}</script>`;
  const preview = '<span class="MathJax_Preview" style="color: inherit;"></span>';
  return Object.fromEntries(Object.entries(frames).flatMap(([name, frame]) => [
    [`mathjax2 ${name} script`, preview + frame + script],
    [`mathjax2 ${name} no script`, preview + frame],
  ]));
}

function byKatex({tex, display}) {
  const outputs = ['htmlAndMathml', 'mathml', 'html'];
  return Object.fromEntries(outputs.map(output =>
    [`katex ${output}`, katex.renderToString(tex, {displayMode: display, output, strict: false})]));
}

function byTemml({tex, display}) {
  return Object.fromEntries([true, false].map(annotate =>
    [`temml annotate=${annotate}`, temml.renderToString(tex, {displayMode: display, annotate, throwOnError: true})]));
}

function withoutSources(html) {
  return html.replace(/ data-latex="[^"]*"/g, '');
}

function newRenderer() {
  const [mathjax2, mathjax3] = [newMathJax2(), newMathJax3()];
  return async (formula, number) => {
    const ways = {...byKatex(formula), ...byTemml(formula)};
    const two = await mathjax2(formula);
    Object.assign(ways, asInBrowser(formula, number, two), {
      'mathjax2 node chtml': two.html, 'mathjax2 node svg': two.svg, 'mathjax2 node mathml': two.mml});
    for (const [name, version] of Object.entries({mathjax3, mathjax4})) {
      ways[`${name} mathml`] = await version.mathml(formula);
      for (const output of version.outputs) ways[`${name} ${output}`] = await version.drawn(output, formula);
    }
    for (const output of ['mathml', 'chtml', 'svg', 'chtml-assistive']) {
      ways[`mathjax4 ${output} no data-latex`] = withoutSources(ways[`mathjax4 ${output}`]);
    }
    return ways;
  };
}

async function main(what) {
  const render = what === 'ways' ? newRenderer() : formula => mathjax4.mathml(formula);
  let number = 0;
  for await (const line of createInterface({input: process.stdin})) {
    number += 1;
    const result = await render(JSON.parse(line), number).then(
      done => done, error => ({error: String(error.message ?? error)}));
    await new Promise(done => process.stdout.write(JSON.stringify(result) + '\n', done));
  }
}

await main(process.argv[2]);
process.exit(0);
