# What the tables above say is completed.
_reviewctl() {
    local -a globals first second
    local command i
    _reviewctl_globals
    _reviewctl_first
    for ((i = 2; i < CURRENT; i++)); do
        [[ $words[i] == -* ]] || break
        [[ $words[i] != (--socket|--format) ]] || ((i++))
    done
    if ((i >= CURRENT)); then
        _arguments $globals '1:command:{_describe command first}'
        return
    fi
    command=$words[i]
    _reviewctl_second $command
    if ((CURRENT == i + 1 && $#second > 0)) && [[ $words[CURRENT] != -* ]]; then
        _describe command second
    elif [[ -n ${(M)second:#$words[i + 1]:*} ]]; then
        command="$command $words[i + 1]"
        ((i++))
    fi
    words=(reviewctl ${words[i + 1, -1]})
    ((CURRENT -= i - 1))
    _reviewctl_inputs $command
}
_reviewctl "$@"
