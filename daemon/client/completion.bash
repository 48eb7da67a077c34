# What the tables above say is completed; bash splits --tier=annual at the '='.
_reviewctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} command= option= count=0 i word
    local commands globals options words
    COMPREPLY=()
    _reviewctl_lists
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $word == = ]]; then
            continue
        elif [[ -n $option ]]; then
            option=
        elif [[ $word == -* ]]; then
            ! _reviewctl_values "$command:$word" || option=$word
        elif [[ -z $command ]]; then
            command=$word
        elif ((count == 0)) && _reviewctl_options "$command $word"; then
            command="$command $word"
        else
            count=$((count + 1))
        fi
    done
    [[ $cur != = ]] || cur=
    words=
    if [[ -n $option ]]; then
        _reviewctl_values "$command:$option"
    elif [[ $cur == -* ]]; then
        options=
        _reviewctl_options "$command"
        words="$options $globals"
    elif [[ -z $command ]]; then
        words=$commands
    elif [[ $command == help ]]; then
        ((count > 0)) || words=$commands
        ((count != 1)) || _reviewctl_second "$word"
    else
        _reviewctl_values "$command:$((count + 1))"
        if ((count == 0)) && [[ $words != @file ]]; then
            options=$words words=
            _reviewctl_second "$command"
            words="$options $words"
        fi
    fi
    if [[ $words == @file ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
    fi
}
complete -F _reviewctl reviewctl
