# What offices do with their files: open them in a spreadsheet, save them again, print them.
#
#   sheet_save IN OUT utf-8|gb18030   opens the CSV as a double-click does and saves it as CSV again
#   sheet_types IN                    the cells' types as a spreadsheet takes them: ROW COLUMN s|n …
#   sheet_text IN                     the CSV as LibreOffice saves it, every text cell quoted
#   print_pdf IN OUT                  prints the page as a browser does
#
# The options of LibreOffice's CSV filter: comma, double quote, character set (76 is UTF-8, 85
# GB18030), first line 1, columns as they come, language as it is, quoted cells not taken for text,
# numbers and days recognised. That is what Excel and WPS do without asking when a clerk
# double-clicks the file: a cell of digits becomes a number (12 digits show as 5.00E+11, a zero in
# front is gone), 3-12 becomes a day, and a cell that ends with a TAB stays the text that it is.

SHEET_FILTER='Text - txt - csv (StarCalc)'

# sheet_convert IN OUT FORMAT: a profile of its own for each test file, so that two can run at a time.
sheet_convert() {
    local folder
    folder=$(mktemp -d -p "$BATS_TEST_TMPDIR")
    soffice "-env:UserInstallation=file://${BATS_FILE_TMPDIR:-$BATS_TEST_TMPDIR}/office" --headless \
        --infilter="$SHEET_FILTER:44,34,76,1,,0,false,true,false" \
        --convert-to "$3" --outdir "$folder" "$1" >"$folder/log" 2>&1 3>&-
    mv "$folder"/*."${3%%:*}" "$2" || { cat "$folder/log"; return 1; }
}

sheet_save() {
    local charset
    case $3 in
    utf-8) charset=76 ;;
    gb18030) charset=85 ;;
    *) echo "no character set $3"; return 1 ;;
    esac
    sheet_convert "$1" "$2" "csv:$SHEET_FILTER:44,34,$charset,1,,0,false,true,false"
}

# Every text cell quoted: what is not quoted has become a number or a day.
sheet_text() {
    sheet_convert "$1" "$BATS_TEST_TMPDIR/sheet-text.csv" \
        "csv:$SHEET_FILTER:44,34,76,1,,0,true,true,false" && cat "$BATS_TEST_TMPDIR/sheet-text.csv"
}

# "B2 s", one cell a line: s is a text, n a number (a day is one).
sheet_types() {
    sheet_convert "$1" "$BATS_TEST_TMPDIR/sheet.xlsx" xlsx &&
        unzip -p "$BATS_TEST_TMPDIR/sheet.xlsx" xl/worksheets/sheet1.xml |
        grep -oE '<c r="[A-Z]+[0-9]+"[^>]* t="[a-z]+"' | sed -E 's/<c r="([A-Z0-9]+)".* t="([a-z]+)"/\1 \2/'
}

print_pdf() {
    chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
        --disable-background-networking --disable-component-update --disable-sync \
        --user-data-dir="$(mktemp -d -p "$BATS_TEST_TMPDIR")" --no-pdf-header-footer \
        --print-to-pdf="$2" "file://$1" >"$2.log" 2>&1 3>&- && [ -s "$2" ] || { cat "$2.log"; return 1; }
}
