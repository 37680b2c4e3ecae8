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
package io.longhaul.verbs.soft;

/// How the ICRC depends on the identification in the IPv4 header, and the reverse: which identification makes it right.
///
/// A CRC is linear: changing the 16 bits of the identification by `d` changes the CRC by `d(x) * x^(8 n + 16) mod
/// P(x)`,
/// where `n` bytes follow the identification. So the difference between the ICRC for identification 0 and that of the
/// packet
/// is multiplied by the inverse power; the result is the identification if its upper 16 bits are 0, and otherwise the
/// packet is
/// damaged. That spends 16 of the 32 check bits, hence a receiver tries the identification that it expects first.
///
/// Polynomials are bit-reflected, as in zlib: bit 31 is `x^0`, P = 0xedb88320. P is primitive, hence `x^-k = x^(2^32 -
/// 1 - k)`.
/// The two powers of each packet length are remembered, so that a packet costs one multiplication of 32 steps.
///
/// Threading: one thread.
final class IcrcIdentification {
    private static final int POLYNOMIAL = 0xedb88320;
    private static final int ONE = 1 << 31;
    private static final long ORDER = (1L << 32) - 1;
    private static final int MAX_UDP_PAYLOAD_BYTES = 1 << 16;

    // [k] = x^(2^k)
    private static final int[] SQUARES = squares();

    // [UDP payload bytes / 4], length 16,384; 0 = not yet known
    private final int[] powers = new int[MAX_UDP_PAYLOAD_BYTES / 4];
    private final int[] inversePowers = new int[MAX_UDP_PAYLOAD_BYTES / 4];

    /// By how much the ICRC of a packet with an identification differs from that with identification 0.
    ///
    /// @param identification 0..65535
    /// @param udpPayloadBytes length of the packet, ICRC included, a multiple of 4
    int difference(int identification, int udpPayloadBytes) {
        if (identification == 0) {
            return 0;
        }
        int index = index(udpPayloadBytes);
        return multiply(powers[index], swapBytes(identification));
    }

    /// The identification that explains a difference from the ICRC for identification 0.
    ///
    /// @return 0..65535, or -1 when none does: the packet is damaged
    int solve(int difference, int udpPayloadBytes) {
        if (difference == 0) {
            return 0;
        }
        int index = index(udpPayloadBytes);
        int solution = multiply(inversePowers[index], difference);
        return solution >>> 16 == 0 ? swapBytes(solution) : -1;
    }

    private int index(int udpPayloadBytes) {
        int index = udpPayloadBytes >>> 2;
        if (powers[index] == 0) {
            int bytesAfter = Icrc.IPV4_BYTES_AFTER_IDENTIFICATION + udpPayloadBytes - Icrc.LENGTH_BYTES;
            long exponent = 8L * bytesAfter + 16;
            powers[index] = power(exponent);
            inversePowers[index] = power(ORDER - exponent);
        }
        return index;
    }

    private static int swapBytes(int value) {
        return (value & 0xff) << 8 | value >>> 8 & 0xff;
    }

    /// `x^exponent mod P`.
    static int power(long exponent) {
        int result = ONE;
        for (int k = 0; exponent != 0; k++, exponent >>>= 1) {
            if ((exponent & 1) != 0) {
                result = multiply(SQUARES[k], result);
            }
        }
        return result;
    }

    /// `a * b mod P`.
    static int multiply(int a, int b) {
        int product = 0;
        int shifted = b;
        for (int bit = 31; bit >= 0; bit--) {
            product ^= shifted & -(a >>> bit & 1);
            shifted = shifted >>> 1 ^ POLYNOMIAL & -(shifted & 1);
        }
        return product;
    }

    private static int[] squares() {
        int[] squares = new int[Integer.SIZE];
        squares[0] = ONE >>> 1;
        for (int k = 1; k < squares.length; k++) {
            squares[k] = multiply(squares[k - 1], squares[k - 1]);
        }
        return squares;
    }
}
