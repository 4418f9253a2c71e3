#!/bin/sh
# Makes a small base image out of a folder: sh base.sh ROOTFS OUT. Stands in for an image that somebody else publishes.
set -eu
TAR=${TAR:-tar}
rootfs=$1
out=$2
blobs=$out/blobs/sha256
mkdir -p "$blobs"
sha256() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}
put() {
    digest=$(sha256 "$1")
    size=$(wc -c < "$1" | tr -d ' ')
    mv "$1" "$blobs/$digest"
}
"$TAR" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar -C "$rootfs" -cf "$out/layer.tar" .
diff_id=$(sha256 "$out/layer.tar")
gzip -9 -n "$out/layer.tar"
put "$out/layer.tar.gz"
layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$digest\",\"size\":$size}"
printf '{"architecture":"amd64","os":"linux","config":{"Cmd":["/bin/sh"],"Env":["PATH=/bin"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
    "$diff_id" > "$out/config.json"
put "$out/config.json"
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":%s},"layers":[%s]}' \
    application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json "$digest" "$size" "$layer" > "$out/manifest.json"
put "$out/manifest.json"
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"sha256:%s","size":%s}]}' \
    application/vnd.oci.image.manifest.v1+json "$digest" "$size" > "$out/index.json"
printf '{"imageLayoutVersion":"1.0.0"}' > "$out/oci-layout"
