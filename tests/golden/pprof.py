# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A profile for pprof as text: every field of it, resolved, by nothing but the wire
format and the numbers in google/pprof's proto/profile.proto."""
import gzip


def varint(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            size, at = varint(data, at)
            value, at = data[at:at + size], at + size
            assert len(value) == size
        else:
            raise ValueError(f"wire type {tag & 7}")
        yield tag >> 3, value


def packed(data):
    at = 0
    while at < len(data):
        value, at = varint(data, at)
        yield value


def flat(data):
    return dict(fields(data))


def text(data):
    """Bytes of a profile in, lines out, in the order of the profile."""
    top = list(fields(gzip.decompress(data)))
    strings = [value.decode("utf-8") for number, value in top if number == 6]
    assert strings[0] == "" and len(set(strings)) == len(strings)
    mappings, functions, locations = ({one[1]: one for one in map(flat, (
        value for number, value in top if number == want))} for want in (3, 5, 4))
    lines = []

    def name(location):
        where = locations[location]
        function = functions[flat(where[4])[1]]
        assert strings[function[2]] == strings[function[3]] and mappings[where[2]][7] == 1
        return f"{strings[function[2]]} {strings[mappings[where[2]][5]]} {where.get(3, 0):#x}"

    def types(value):
        return "/".join(strings[x] for _, x in fields(value))

    for number, value in top:
        if number in (1, 11):
            lines.append(f"{'period' if number == 11 else 'value'} type {types(value)}")
        elif number == 2:
            lines.append("sample")
            for part, inner in fields(value):
                if part == 1:
                    lines += [f"  {name(x)}" for x in packed(inner)]
                elif part == 2:
                    lines.append("  " + " ".join(map(str, packed(inner))))
                else:
                    label = flat(inner)
                    lines.append(f"  {strings[label[1]]} = " +
                                 (strings[label[2]] if 2 in label else str(label.get(3, 0))))
        elif number in (9, 10, 12):
            lines.append(f"{ {9: 'time', 10: 'duration', 12: 'period'}[number]} {value}")
        elif number == 13:
            lines.append("comment " + strings[next(packed(value))])
        elif number == 14:
            lines.append("default " + strings[value])
        else:
            assert number in (3, 4, 5, 6), number
    return "".join(line + "\n" for line in lines).encode()
