# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Completions of privacy-panel for bash.

_privacy_panel() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local choices='online-search search-suggestions error-reports usage-statistics activity-history'
    # Readline takes the sign between an option and its value for a word of its own.
    if [[ $word == = ]]; then
        word=
    elif [[ $before == = && $COMP_CWORD -ge 2 ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    if [[ $before == --choice || $before == -c ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
        return
    fi
    mapfile -t COMPREPLY < <(compgen -W '--choice= --turn-everything-off --version --help --help-all' -- "$word")
    # A value follows at once.
    if [[ ${COMPREPLY[*]} == *= ]]; then
        compopt -o nospace
    fi
}
complete -F _privacy_panel privacy-panel
