import { StandinError } from '@standin/client/errors'
import type { Verb } from '../verb.ts'

const bash = `# bash completion of standin
_standin() {
  local line current value
  local -a words
  read -ra words <<< "\${COMP_LINE:0:COMP_POINT}"
  [[ "\${COMP_LINE:COMP_POINT-1:1}" == [[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ "$line" == ":files" ]]; then
      compopt -o default 2>/dev/null
      continue
    fi
    value="\${line%%$'\\t'*}"
    # Readline has broken the word at its colon.
    [[ "$current" == *:* && "$COMP_WORDBREAKS" == *:* ]] && value="\${value#"\${current%:*}:"}"
    COMPREPLY+=("$value")
  done < <("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -F _standin standin
`

const zsh = `#compdef standin
_standin() {
  local line files=0
  local -a candidates
  for line in "\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z "$line" ]] && continue
    if [[ "$line" == ":files" ]]; then files=1; continue; fi
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  (( files )) && _files
  (( \${#candidates} )) && _describe 'standin' candidates
}
compdef _standin standin
`

const fish = `# fish completion of standin
function __standin_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  for line in ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
    if test "$line" = ":files"
      __fish_complete_path "$current"
    else
      echo $line
    end
  end
end
complete -c standin -f -a '(__standin_complete)'
`

export const completionScripts: Readonly<Record<string, string>> = { bash, zsh, fish }

export const completion: Verb<readonly [string]> = {
  description: 'The script asks the CLI itself, so it knows the names of environments, hosts and templates, too.',
  arguments: [{ name: '<shell>', description: 'bash, zsh or fish', completes: 'shell' }],
  examples: [
    ['source <(standin completion bash)', 'in this shell; put it into ~/.bashrc for all'],
    ['standin completion zsh > ~/.zfunc/_standin', 'with ~/.zfunc in $fpath'],
    ['standin completion fish > ~/.config/fish/completions/standin.fish', 'for fish'],
  ],
  async run(context, [shell]) {
    const script = completionScripts[shell]
    if (!script)
      throw new StandinError('invalid', `'${shell}' is not a shell that has a completion script.`, {
        hint: 'There are bash, zsh and fish.',
      })
    context.output.text(script.trimEnd())
  },
}
