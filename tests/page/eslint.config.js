// The rules for the scripts of pages. Each file is a script of its own, and gives the others one name.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import js from "@eslint/js";
import globals from "globals";

const assets = join(dirname(fileURLToPath(import.meta.url)), "../../tools/src/page/assets");
const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
const names = scripts.map((name) => /^(?:const|class) ([A-Z]\w*)/mu.exec(readFileSync(join(assets, name), "utf8"))?.[1]);

export default [
  js.configs.recommended,
  {
    files: ["**/*.js"],
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: "script",
      // `Controls` is of live pages only.
      globals: { ...globals.browser, Controls: "readonly", ...Object.fromEntries(names.filter(Boolean).map((name) => [name, "readonly"])) },
    },
    rules: {
      strict: ["error", "global"],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-implicit-globals": "off",
      // A file declares the one name that others use, and the list of names has it as well.
      "no-redeclare": ["error", { builtinGlobals: false }],
      "no-unused-vars": ["error", { vars: "local", args: "after-used" }],
      "no-shadow": "error",
      "max-lines": ["error", 420],
      "max-lines-per-function": ["error", 70],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-control-regex": "off",
      // Text of strangers enters the document as text only.
      "no-restricted-properties": [
        "error",
        ...["innerHTML", "outerHTML", "insertAdjacentHTML", "srcdoc"].map((property) => ({ property })),
        { object: "document", property: "write" },
      ],
    },
  },
];
