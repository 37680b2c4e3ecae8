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
package io.longhaul.core.fec;

/// GF(2^8) with the polynomial x^8 + x^4 + x^3 + x^2 + 1 (0x11d), the field of ISA-L and of RAID-6. Addition is XOR.
public final class GaloisField {
    /// The reducing polynomial.
    public static final int POLYNOMIAL = 0x11d;

    private static final int ELEMENTS = 256;
    private static final int ORDER = ELEMENTS - 1; // of the multiplicative group; 2 generates it
    private static final short[] POWER = new short[2 * ORDER]; // [exponent], twice, so that a sum needs no modulo
    private static final short[] LOGARITHM = new short[ELEMENTS];

    static {
        int value = 1;
        for (int exponent = 0; exponent < ORDER; exponent++) {
            POWER[exponent] = (short) value;
            POWER[exponent + ORDER] = (short) value;
            LOGARITHM[value] = (short) exponent;
            value <<= 1;
            if (value >= ELEMENTS) {
                value ^= POLYNOMIAL;
            }
        }
    }

    private GaloisField() {}

    /// Product of two elements, each 0..255.
    public static int multiply(int a, int b) {
        return a == 0 || b == 0 ? 0 : POWER[LOGARITHM[a] + LOGARITHM[b]];
    }

    /// The element whose product with {@code a}, 1..255, is 1.
    public static int inverse(int a) {
        assert a > 0 && a < ELEMENTS : "0 has no inverse";
        return POWER[ORDER - LOGARITHM[a]];
    }
}
