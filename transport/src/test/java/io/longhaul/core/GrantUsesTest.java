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
package io.longhaul.core;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class GrantUsesTest {
    private final GrantUses uses = new GrantUses(2, 100);

    @Test
    void aWriteMayComeInPieces() {
        assertTrue(uses.admit(1, 60, true));
        assertTrue(uses.admit(1, 40, true));
        assertFalse(uses.admit(1, 1, true), "more than the region has");
        assertTrue(uses.admit(2, 100, true));
        assertFalse(uses.admit(3, 1, true), "both uses are gone");
    }

    @Test
    void nothingElseGoesOnUnderANumberThatWasUsed() {
        assertTrue(uses.admit(1, 8, false));
        assertFalse(uses.admit(1, 8, false), "a second atomic");
        assertFalse(uses.admit(1, 8, true), "a write");
        assertFalse(uses.admit(1, 0, true), "an immediate without data");
        assertTrue(uses.admit(2, 0, true));
        assertFalse(uses.admit(2, 0, true), "another immediate without data");
        assertTrue(uses.isSpent());
    }
}
