"""Small files in the real formats of the fetched data sets, made from arrays that the tests know."""

import bz2
import csv
import gzip
import io
import struct
import tarfile
import zipfile

import numpy as np
from PIL import Image
from scipy.io import savemat

from robustpath.data.published_names import PUBLISHED


def photographs(count, side, seed=0):
    """uint8 [count, side, side, 3], each of one colour, which JPEG keeps to a few levels."""
    colours = np.random.default_rng(seed).integers(0, 256, (count, 1, 1, 3), np.uint8)
    return np.broadcast_to(colours, (count, side, side, 3))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def gz_idx(array):
    """An IDX file of unsigned bytes, gzipped."""
    return gzip.compress(struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes())


def python2_pickle(mapping):
    """Protocol 2 as Python 2's cPickle wrote CIFAR: byte strings for text, for an array numpy's _reconstruct."""

    def text(value):
        return b"U" + bytes([len(value)]) + value

    def number(value):
        return b"J" + struct.pack("<i", value)

    def tuple_(*parts):
        return b"(" + b"".join(parts) + b"t"

    def array(value):
        rebuilt = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + number(0) + b"\x85" + text(b"b")
        kind = b"cnumpy\ndtype\n" + text(b"u1") + number(0) + number(1) + b"\x87R"
        kind += tuple_(number(3), text(b"|"), b"NNN", number(-1), number(-1), number(0)) + b"b"
        shape = tuple_(*map(number, value.shape))
        data = b"T" + struct.pack("<i", value.size) + value.tobytes()
        return rebuilt + b"\x87R" + tuple_(number(1), shape, kind, b"\x89", data) + b"b"

    def pickled(value):
        if isinstance(value, np.ndarray):
            return array(value)
        return text(value) if isinstance(value, bytes) else b"](" + b"".join(map(number, value)) + b"e"

    return b"\x80\x02}(" + b"".join(text(key) + pickled(value) for key, value in mapping.items()) + b"u."


def tar(files, mode):
    """A tar of (path, content), its folders included."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:
        for folder in {path.rpartition("/")[0] for path, _ in files}:
            entry = tarfile.TarInfo(folder)
            entry.type = tarfile.DIRTYPE
            archive.addfile(entry)
        for path, content in files:
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def jpeg(image, mode="RGB"):
    out = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).convert(mode).save(out, "JPEG", quality=95)
    return out.getvalue()


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def idx_files(folder, images, labels, pool):
    parts = images[:pool], labels[:pool], images[pool:], labels[pool:]
    names = [f"{part}-{what}-ubyte.gz" for part in ("train", "t10k") for what in ("images-idx3", "labels-idx1")]
    return {f"{folder}/{name}": gz_idx(part.astype(np.uint8)) for name, part in zip(names, parts, strict=True)}


def usps_files(images, labels, pool):
    """images [N, 256] in [-1, 1]; a value of 0 is left out, as LIBSVM does."""

    def lines(images, labels):
        for image, label in zip(images, labels, strict=True):
            yield f"{label + 1} " + " ".join(f"{i + 1}:{x:.6g}" for i, x in enumerate(image) if x) + " \n"

    def packed(part):
        return bz2.compress("".join(lines(images[part], labels[part])).encode())

    return {"usps/usps.bz2": packed(slice(pool)), "usps/usps.t.bz2": packed(slice(pool, None))}


def svhn_files(images, labels, pool):
    """images uint8 [N, 32, 32, 3]; the digit 0 is written as 10."""

    def packed(part):
        out = io.BytesIO()
        written = np.where(labels[part] == 0, 10, labels[part]).astype(np.uint8)
        savemat(out, {"X": images[part].transpose(1, 2, 3, 0), "y": written[:, None]}, do_compression=True)
        return out.getvalue()

    return {"svhn/train_32x32.mat": packed(slice(pool)), "svhn/test_32x32.mat": packed(slice(pool, None))}


def cifar_file(images, labels, parts, key, other=()):
    """images uint8 [N, 32, 32, 3] in equal parts, as rows of 3072: red, then green, then blue."""
    flat = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    size = len(images) // len(parts)
    files = [("cifar/batches.meta", b"\x80\x02}(U\x05labelU\x03catu."), ("cifar/readme.html", b"<html>")]
    for number, name in enumerate(parts):
        own = slice(number * size, (number + 1) * size)
        batch = {b"batch_label": name.encode(), key: labels[own].tolist(), **dict.fromkeys(other, [0] * size)}
        files.append((f"cifar/{name}", python2_pickle(batch | {b"data": flat[own]})))
    return tar(files, "w:gz")


def corrupted_tar(images, labels):
    """CIFAR-10-C: images [corruption, severity, N, 32, 32, 3], and a corruption that is for validation."""
    files = [("CIFAR-10-C/labels.npy", npy(np.tile(labels, 5)))]
    files += [
        (f"CIFAR-10-C/{name}.npy", npy(own.reshape(-1, 32, 32, 3))) for name, own in zip(PUBLISHED, images, strict=True)
    ]
    files.append(("CIFAR-10-C/speckle_noise.npy", npy(noise(5 * len(labels), 32, 32, 3))))
    return tar(files[::-1], "w")


def tiny_imagenet_zip(train, labels, test, test_labels, names):
    out = io.BytesIO()
    root = "tiny-imagenet-200"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{root}/wnids.txt", "\n".join(names[::-1]) + "\n")
        archive.writestr(f"{root}/words.txt", "n0\tthing\n")
        for number, (image, label) in enumerate(zip(train, labels, strict=True)):
            name = names[label]
            archive.writestr(f"{root}/train/{name}/{name}_{number}_boxes.txt", "")
            archive.writestr(f"{root}/train/{name}/images/{name}_{number}.JPEG", jpeg(image))
        rows = []
        for number, (image, label) in enumerate(zip(test, test_labels, strict=True)):
            archive.writestr(f"{root}/val/images/val_{number}.JPEG", jpeg(image))
            archive.writestr(f"{root}/test/images/test_{number}.JPEG", jpeg(image))
            rows.append(f"val_{number}.JPEG\t{names[label]}\t0\t0\t62\t62\n")
        archive.writestr(f"{root}/val/val_annotations.txt", "".join(rows))
    return out.getvalue()


def tiny_imagenet_c_tar(images, names):
    """images [corruption, severity, class, number, 64, 64, 3]; the numbers in the names do not sort as text."""
    files = []
    for name, of_name in zip(PUBLISHED, images, strict=True):
        for severity, of_severity in enumerate(of_name, start=1):
            for label, of_class in enumerate(of_severity):
                folder = f"Tiny-ImageNet-C/{name}/{severity}/{names[label]}"
                files += [(f"{folder}/val_{8 + k}.JPEG", jpeg(image)) for k, image in enumerate(of_class)]
    return tar(files[::-1], "w")


def waterbirds_tar(images, labels, parts, places, lost=()):
    """Photographs [N, H, W, 3], wider than high, with metadata.csv in the middle of the archive; images by their place
    that are `lost` stand in the table alone."""
    root = "waterbird_complete95_forest2water2"
    header = "img_id,img_filename,y,split,place,place_filename\n"
    names = [f"{1 + n % 3:03d}.Bird/Bird_{n:04d}.jpg" for n in range(len(images))]
    rows = [
        f'{n + 1},{names[n]},{labels[n]},{parts[n]},{places[n]},"/forest/broadleaf, {n}.jpg"\n'
        for n in range(len(images))
    ]
    files = [(f"{root}/{names[n]}", jpeg(image)) for n, image in enumerate(images) if n not in lost]
    files.insert(len(files) // 2, (f"{root}/metadata.csv", (header + "".join(rows)).encode()))
    return tar(files, "w:gz")


def known(labels, pool, classes=10):
    """What the entry says of a set whose first `pool` examples are no test examples, and no number of validation
    examples."""
    labels = np.asarray(labels)
    rarest = [int(np.bincount(part, minlength=classes).min()) for part in (labels[:pool], labels[pool:])]
    counted = {"examples": pool, "official_test": len(labels) - pool, "classes": classes}
    return counted | {"smallest_class": rarest[0], "smallest_test_class": rarest[1]}, None


def counts(labels, attribute, parts):
    """What the entry says of two classes with two attributes in official parts; the number of validation examples."""

    def groups(part):
        found = np.bincount((2 * labels + attribute)[parts == part], minlength=4).tolist()
        return (tuple(found[:2]), tuple(found[2:]))

    ordered = np.concatenate([labels[parts == 0], labels[parts == 2]])
    counted, _ = known(ordered, int((parts == 0).sum()), 2)
    return counted | {"pool_groups": groups(0), "test_groups": groups(2)}, int((parts == 1).sum())


def celeba_files(images, blond, male, parts):
    """Photographs [N, H, W, 3] with two of their 40 attributes, among others, and the part of each image."""
    out = io.BytesIO()
    names = [f"{n + 1:06d}.jpg" for n in range(len(images))]
    with zipfile.ZipFile(out, "w") as archive:
        for name, image in zip(names[::-1], images[::-1], strict=True):
            archive.writestr(f"img_align_celeba/{name}", jpeg(image))
    rows = zip(names, np.where(blond, 1, -1), np.where(male, 1, -1), strict=True)
    table = [str(len(images)), "Bald Blond_Hair Male Young ", *(f"{name}  1 {a:2d} {b:2d} -1" for name, a, b in rows)]
    listed = [f"{name} {part}" for name, part in zip(names, parts, strict=True)]
    return {
        "celeba/img_align_celeba.zip": out.getvalue(),
        "celeba/list_attr_celeba.txt": ("\n".join(table) + "\n").encode(),
        "celeba/list_eval_partition.txt": ("\n".join(listed) + "\n").encode(),
    }


def civil_comments_csv(texts, toxicity, identity, parts):
    """Comments as pandas writes them, the number of the row first; what a text holds may need quotes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["", "id", "comment_text", "split", "toxicity", "male", "identity_any"])
    names = np.array(["train", "val", "test"])[parts]
    for n, row in enumerate(zip(texts, names, toxicity, identity, strict=True)):
        writer.writerow([n, 5000 + n, *row[:3], 0.0, row[3]])
    return {"civil_comments/all_data_with_identities.csv": out.getvalue().encode()}
