//! Completions and manual pages: the shells and the readers of manuals accept what the binary makes of its
//! own command line.

use crate::story::{Tools, has};

/// Runs a script in a story with the completions for a shell in the file `completions`.
#[track_caller]
fn completed(shell: &str, script: &str) -> String {
    let tools = Tools::new();
    let file = tools.run(&format!("completions {shell}"));
    assert_eq!((file.code, file.err.as_str()), (Some(0), ""));
    let ended = tools.file("completions", &file.raw).shell(script);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{script}");
    ended.raw
}

#[track_caller]
fn check_words(words: &str, expected: &[&str]) {
    let found: Vec<&str> = words.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(found, expected);
}

#[test]
fn bash_completes_commands_flags_and_values() {
    const COMPLETE: &str = "set -eu; . ./completions
        complete_words() { COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _tools tools \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"
            printf '%s\\n' \"${COMPREPLY[@]}\"; }";
    let complete = |words: &str| {
        let script = format!("bash -n ./completions && bash -c '{COMPLETE}; complete_words {words}'");
        completed("bash", &script.replace("'%s\\n'", "\"%s\\n\""))
    };
    check_words(&complete("tools comp"), &["completions"]);
    check_words(&complete("tools test --se"), &["--seed", "--seeds"]);
    check_words(&complete("tools graph --format m"), &["mermaid"]);
    let shells = complete("tools completions \"\"");
    check_words(
        &shells,
        &["-h", "-V", "--color", "--help", "--version", "bash", "elvish", "fish", "powershell", "zsh"],
    );
    // This flag is one for the harness itself.
    let all = complete("tools run --");
    assert!(all.contains("--data") && !all.contains("--hosted"), "{all}");
}

#[test]
fn zsh_accepts_its_completions() {
    if has("zsh") {
        completed("zsh", "zsh -n ./completions");
        let script =
            "zsh -fc 'autoload -U compinit; compinit -D -u; . ./completions; print ${_comps[tools]}'";
        assert_eq!(completed("zsh", script), "_tools\n");
    }
}

#[test]
fn fish_completes_commands_and_flags() {
    if has("fish") {
        let complete = |line: &str| {
            let script = format!(
                "export HOME=. XDG_CONFIG_HOME=.; fish --no-execute ./completions && fish --no-config -c '. ./completions; complete -C \"{line}\"'"
            );
            completed("fish", &script)
        };
        check_words(&complete("tools comp"), &["completions"]);
        check_words(&complete("tools test --seed"), &["--seed", "--seeds"]);
    }
}

#[test]
fn elvish_completes_commands() {
    if has("elvish") {
        // The editor's module is there in a terminal only: these are the two parts of it that completions use.
        let editor = "var edit: = (ns [&completion:=(ns [&arg-completer=[&]]) \
                      &complex-candidate~={|text &display=''| echo $text}])";
        let script = format!(
            "cat > run.elv <<'END'\n{editor}\neval (slurp < completions) &ns=(ns [&edit:=$edit:])\n\
             $edit:completion:arg-completer[tools] tools completions ''\nEND\nelvish -norc run.elv"
        );
        check_words(&completed("elvish", &script), &["--color", "-h", "--help", "-V", "--version"]);
    }
}

#[test]
fn powershell_is_given_every_command() {
    let tools = Tools::new();
    let text = tools.run("completions powershell").raw;
    assert!(text.contains("Register-ArgumentCompleter") && text.contains("'tools;completions'"), "{text}");
}

#[test]
fn a_shell_that_there_is_no_file_for_is_refused_with_those_that_there_are() {
    let refused = Tools::new().run("completions tcsh");
    assert_eq!(refused.code, Some(2));
    assert!(refused.err.contains("bash, elvish, fish, powershell, zsh"), "{}", refused.err);
}

#[test]
fn each_command_has_a_manual_page_without_warnings() {
    let tools = Tools::new();
    let made = tools.run("man pages/man1");
    assert_eq!((made.code, made.err.as_str()), (Some(0), ""));
    let help = tools.run("--help").raw;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands = listed.take_while(|line| !line.is_empty()).filter(|line| line.starts_with("  "));
    let names =
        commands.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        let page = tools.read(&format!("pages/man1/tools-{name}.1"));
        assert!(page.contains(".SH SYNOPSIS"), "{page}");
    }
    assert!(!tools.read("pages/man1/tools-run.1").contains("hosted"));
    if has("man") {
        let ended = tools.shell("export LC_ALL=C.UTF-8 MANROFFSEQ= MANWIDTH=80; for page in pages/man1/*; do man --warnings -l $page > /dev/null || exit 1; done; man -l pages/man1/tools-man.1");
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
        assert!(ended.out.contains("Write the manual pages"), "{}", ended.out);
    }
    if has("mandoc") {
        // Above "warning" there are errors: what would be lost in the page.
        let ended = tools.shell("mandoc -T lint -W error pages/man1/*");
        assert_eq!((ended.code, ended.raw.as_str()), (Some(0), ""));
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named_with_the_reason_and_the_remedy() {
    let tools = Tools::new().file("taken", "");
    let refused = tools.run("man taken/man1");
    assert_eq!(refused.code, Some(3));
    assert!(
        refused.err.ends_with("  = help: name a folder in which you may write, as in `tools man ./man`\n")
    );
    assert!(refused.err.starts_with("error: cannot write taken/man1: "), "{}", refused.err);
}
