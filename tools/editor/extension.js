// The extension: starts `tools lsp`, and ends it with the editor.
"use strict";

const { window, workspace } = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

async function activate() {
  const command = workspace.getConfiguration("scenarios").get("program");
  const server = { command, args: ["lsp"], transport: TransportKind.stdio };
  const documents = [
    { scheme: "file", language: "scenario" },
    { scheme: "untitled", language: "scenario" },
  ];
  client = new LanguageClient("scenarios", "Scenarios", server, { documentSelector: documents });
  try {
    await client.start();
  } catch (error) {
    window.showErrorMessage(
      `cannot start \`${command} lsp\`: ${error.message}; set the path of tools in \`scenarios.program\``,
    );
  }
}

async function deactivate() {
  await client?.stop();
}

module.exports = { activate, deactivate };
