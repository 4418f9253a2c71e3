#!/bin/sh
# Puts the image together with ordinary tools: the layers of the base, one layer of our own, the configuration of image.json.
# In: the base as an OCI layout in ../base. Out: image/, an OCI layout; the same bytes for the same content.
set -eu
TAR=${TAR:-tar}
base=../base
rm -rf image
blobs=image/blobs/sha256
mkdir -p "$blobs"

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}
# Moves a file to the blobs; sets digest and size.
put() {
    digest=$(sha256 "$1")
    size=$(wc -c < "$1" | tr -d ' ')
    mv "$1" "$blobs/$digest"
}

# What the base has: its manifest is the only one of its index.
manifest=$(sed -n 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/p' "$base/index.json")
base_layers=$(sed 's/.*"layers":\[\(.*\)\].*/\1/' "$base/blobs/sha256/$manifest")
config=$(sed 's/.*"config":{[^}]*"digest":"sha256:\([0-9a-f]*\)".*/\1/' "$base/blobs/sha256/$manifest")
base_diff_ids=$(sed 's/.*"diff_ids":\[\([^]]*\)\].*/\1/' "$base/blobs/sha256/$config")
for layer in $(printf '%s' "$base_layers" | tr ',' '\n' | sed -n 's/.*"digest":"sha256:\([0-9a-f]*\)".*/\1/p'); do
    cp "$base/blobs/sha256/$layer" "$blobs/"
done

# Our own layer.
stage=image/stage
mkdir -p "$stage/usr/bin" "$stage/usr/share"
cp build/greet "$stage/usr/bin/"
cp -R share "$stage/usr/share/greet"
"$TAR" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --format=ustar \
    -C "$stage" -cf image/layer.tar usr
rm -rf "$stage"
diff_id=$(sha256 image/layer.tar)
gzip -9 -n image/layer.tar
put image/layer.tar.gz
layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar+gzip\",\"digest\":\"sha256:$digest\",\"size\":$size}"

# The configuration of image.json, and which layers there are.
{
    tr -d '\n' < image.json | sed 's/}[^}]*$//'
    printf ',"rootfs":{"type":"layers","diff_ids":[%s,"sha256:%s"]}}' "$base_diff_ids" "$diff_id"
} > image/config.json
put image/config.json
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":%s},"layers":[%s,%s]}' \
    application/vnd.oci.image.manifest.v1+json application/vnd.oci.image.config.v1+json "$digest" "$size" \
    "$base_layers" "$layer" > image/manifest.json
put image/manifest.json
printf '{"schemaVersion":2,"manifests":[{"mediaType":"%s","digest":"sha256:%s","size":%s}]}' \
    application/vnd.oci.image.manifest.v1+json "$digest" "$size" > image/index.json
printf '{"imageLayoutVersion":"1.0.0"}' > image/oci-layout
