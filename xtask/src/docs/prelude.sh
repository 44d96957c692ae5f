# Functions for the blocks of the pages, and above all for the hidden ones. $D is the folder of this run.

# Waits until the output of a block in the background has a line.
wait_for_line() {
    local polls=0
    until [ -s "$1" ] && read -r _ < "$1"; do
        polls=$((polls + 1))
        if [ "$polls" -gt 200 ]; then
            echo "it printed no line in 20 s" >> "$1"
            exit 1
        fi
        sleep 0.1
    done
}

# Starts a block whose last command keeps running, in a group of processes that end_background can end.
start_in_background() {
    set -m
    ( . "$1" ) > "$2" 2>&1 < /dev/null &
    set +m
    background="$background $!"
}

# Ends those blocks, and waits until they have written everything.
end_background() {
    for group in $background; do
        kill -TERM -- "-$group"
        wait "$group"
    done
}

# Starts an emulator with the options that are given, and sends the command there: IMS_URL is its address.
emulated() {
    rm -f "$D/emulator.url"
    ims emulator "$@" > "$D/emulator.url" 2> "$D/emulator.log" &
    wait_for_line "$D/emulator.url"
    read -r IMS_URL < "$D/emulator.url"
    export IMS_URL
}

# Writes credentials of OAuth Server-to-Server to the file that is named.
server_to_server() {
    (umask 077 && cat > "$1") <<'END'
{ "client_id": "my-client", "client_secret": "my-secret", "org_id": "MY@AdobeOrg", "scopes": ["openid", "AdobeID"] }
END
}

# Writes credentials of a service account to the file that is named, with a key and a certificate in the same folder.
service_account() {
    ims cert new --out "$(dirname "$1")" > /dev/null 2>&1
    (umask 077 && cat > "$1") <<'END'
{ "client_id": "my-client", "client_secret": "my-secret", "org_id": "MY@AdobeOrg",
  "technical_account_id": "MY@techacct.adobe.com", "metascopes": ["ent_dataservices_sdk"],
  "private_key_file": "private.key", "certificate_file": "certificate_pub.crt" }
END
}

# Lets `ims login` open a browser in which a person allows what the page of the emulator asks.
person_signs_in() {
    cat > "$D/browser" <<'END'
#!/bin/sh
exec curl --silent --location --output /dev/null --data "${1#*\?}&consent=allow" "${1%%\?*}"
END
    chmod +x "$D/browser"
    export BROWSER=$D/browser
}

# Uploads the certificate of a rotation to the client that is named, next to certificate_pub.crt, as soon as there is one.
person_uploads_certificate() {
    (
        until [ -s keys-*/certificate_pub.crt ]; do sleep 0.1; done
        for file in certificate_pub.crt keys-*/certificate_pub.crt; do
            sed ':a;N;$!ba;s/\n/\\n/g; s/.*/"&"/' "$file"
        done | paste -sd, | sed 's/.*/{"certificates":[&]}/' |
            curl --silent -X PATCH --json @- "$IMS_URL/_emulator/integrations/$1"
    ) > "$D/upload.log" 2>&1 &
}

# A new project takes minutes to build, so its program is the example that contains it.
if [ -z "$SLOW" ]; then
    cargo() {
        case $1 in
            new) mkdir -p "${*: -1}/src" ;;
            add) ;;
            run) "$EXAMPLES/$example" ;;
            *) echo "only with --slow: cargo $*" && return 1 ;;
        esac
    }
fi
