# SPDX-License-Identifier: GPL-3.0-or-later
# Completions of privacy-panel for fish.

complete -c privacy-panel -f
complete -c privacy-panel -s c -l choice -x -a 'online-search search-suggestions error-reports usage-statistics activity-history' -d 'Show this choice'
complete -c privacy-panel -l turn-everything-off -d 'Turn every choice off'
complete -c privacy-panel -s v -l version -d 'Print the version and exit'
complete -c privacy-panel -s h -l help -d 'Show help options'
complete -c privacy-panel -l help-all -d 'Show all help options'
