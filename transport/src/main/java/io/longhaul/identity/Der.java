/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.identity;

import java.io.ByteArrayOutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// Writes ASN.1 values in the distinguished encoding (DER, ITU-T X.690 §8 and §10): what a certificate needs, no
/// more.
final class Der {
    /// Tags of X.690 §8 and X.680 §8: universal, constructed where the type is.
    static final int OCTET_STRING = 0x04;

    private static final int BOOLEAN = 0x01;
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int OBJECT_IDENTIFIER = 0x06;
    private static final int UTF8_STRING = 0x0C;
    private static final int UTC_TIME = 0x17;
    private static final int GENERALIZED_TIME = 0x18;
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int CONTEXT = 0x80;
    private static final int CONSTRUCTED = 0x20;

    private static final DateTimeFormatter TWO_DIGIT_YEAR =
            DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter FOUR_DIGIT_YEAR =
            DateTimeFormatter.ofPattern("yyyyMMddHHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

    /// RFC 5280 §4.1.2.5: from this year on, times have four digits for the year.
    private static final int FIRST_LONG_YEAR = 2050;

    private Der() {}

    /// A value: tag, length, and the parts one after the other.
    static byte[] value(int tag, byte[]... parts) {
        int length = 0;
        for (final byte[] part : parts) {
            length += part.length;
        }
        final ByteArrayOutputStream out = new ByteArrayOutputStream(length + 6);
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else {
            final byte[] digits = magnitude(BigInteger.valueOf(length));
            out.write(0x80 | digits.length);
            out.writeBytes(digits);
        }
        for (final byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static byte[] magnitude(BigInteger value) {
        final byte[] bytes = value.toByteArray();
        return bytes[0] == 0 ? java.util.Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
    }

    static byte[] sequence(byte[]... parts) {
        return value(SEQUENCE, parts);
    }

    static byte[] set(byte[]... parts) {
        return value(SET, parts);
    }

    static byte[] integer(BigInteger value) {
        return value(INTEGER, value.toByteArray());
    }

    static byte[] yes() {
        return value(BOOLEAN, new byte[] {(byte) 0xFF});
    }

    static byte[] octets(byte[] bytes) {
        return value(OCTET_STRING, bytes);
    }

    static byte[] text(String text) {
        return value(UTF8_STRING, text.getBytes(StandardCharsets.UTF_8));
    }

    /// A bit string.
    ///
    /// @param unused bits at the end that do not count, 0..7
    static byte[] bits(int unused, byte... bytes) {
        return value(BIT_STRING, new byte[] {(byte) unused}, bytes);
    }

    /// A value with a tag of its context around other values.
    static byte[] explicit(int number, byte[]... parts) {
        return value(CONTEXT | CONSTRUCTED | number, parts);
    }

    /// A primitive value whose tag is that of its context.
    static byte[] implicit(int number, byte[] content) {
        return value(CONTEXT | number, content);
    }

    /// An object identifier from its dotted form; the first two arcs share a number.
    static byte[] oid(String dotted) {
        final String[] arcs = dotted.split("\\.", -1);
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 1; i < arcs.length; i++) {
            final int arc = Integer.parseInt(arcs[i]) + (i == 1 ? 40 * Integer.parseInt(arcs[0]) : 0);
            for (int shift = 28; shift > 0; shift -= 7) {
                if (arc >>> shift != 0) {
                    out.write(0x80 | arc >>> shift & 0x7F);
                }
            }
            out.write(arc & 0x7F);
        }
        return value(OBJECT_IDENTIFIER, out.toByteArray());
    }

    /// A time in seconds.
    static byte[] time(Instant time) {
        final boolean longYear = time.atZone(ZoneOffset.UTC).getYear() >= FIRST_LONG_YEAR;
        final String text = (longYear ? FOUR_DIGIT_YEAR : TWO_DIGIT_YEAR).format(time);
        return value(longYear ? GENERALIZED_TIME : UTC_TIME, text.getBytes(StandardCharsets.US_ASCII));
    }
}
