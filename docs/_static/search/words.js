// The texts of the search, in the language of the page.
"use strict";

var torchproofSearchWords = (() => {
  const LANGUAGES = {
    en: {
      search: "Search",
      placeholder: "Name, message or words",
      results: "Results",
      close: "Close",
      choose: "choose",
      open: "open",
      script: "Script",
      loading: "Loading…",
      hints: "Search for",
      examples: [
        ["a name", "zero_grad"],
        ["a call", "vis.line"],
        ["an error message, whole", "grad can be implicitly created only for scalar outputs"],
        ["words", "freeze layers"],
      ],
      found: (number) => (number === 1 ? "1 result" : `${number} results`),
      nothing: "No results. Fewer or other words may find it.",
      missing: (file) => `The search cannot be loaded: ${file} is missing.`,
    },
    zh: {
      search: "搜索",
      placeholder: "名称、报错信息或词语",
      results: "结果",
      close: "关闭",
      choose: "选择",
      open: "打开",
      script: "脚本",
      loading: "正在加载…",
      hints: "可以搜索",
      examples: [
        ["名称", "zero_grad"],
        ["调用", "vis.line"],
        ["完整的报错信息", "grad can be implicitly created only for scalar outputs"],
        ["词语", "梯度"],
      ],
      found: (number) => `${number} 个结果`,
      nothing: "没有结果。请减少词语，或换别的词。",
      missing: (file) => `搜索无法加载：缺少 ${file}。`,
    },
  };
  return LANGUAGES[document.documentElement.lang.slice(0, 2)] ?? LANGUAGES.en;
})();
