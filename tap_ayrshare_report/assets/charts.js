// Charts

const narrow = () => window.innerWidth < 600;

function disposed(id) {
  if (charts.has(id)) charts.get(id).dispose();
  charts.delete(id);
}

function draw(id, element, height, label, option) {
  element.style.height = `${height}px`;
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", label);
  const chart = echarts.init(element, null, { renderer: "svg" });
  charts.set(id, chart);
  chart.setOption({ animation: false, textStyle: { fontFamily: getComputedStyle(document.body).fontFamily }, ...option });
  scalable(element);
  return chart;
}

/** With a viewBox a sheet of paper can show it smaller, whenever it was drawn. */
function scalable(element) {
  const svg = element.querySelector("svg");
  svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
}

const axisText = () => ({ color: css("--quiet"), fontSize: 12 });
const tooltip = (formatter, more = {}) => ({
  confine: true, backgroundColor: css("--card"), borderColor: css("--line"), textStyle: { color: css("--ink"), fontSize: 13 },
  formatter, ...more,
});
const grid = (more = {}) => ({ left: 8, right: 12, top: 16, bottom: 4, containLabel: true, ...more });
const dates = (values, labels) => ({
  type: "category", data: values, axisLabel: { ...axisText(), margin: 14, hideOverlap: true, formatter: (value) => labels.get(value) },
  axisTick: { show: false }, axisLine: { lineStyle: { color: css("--line") } }, boundaryGap: true,
});
const values = (formatter) => ({
  type: "value", axisLabel: { ...axisText(), formatter, hideOverlap: true }, splitLine: { lineStyle: { color: css("--grid") } },
});
