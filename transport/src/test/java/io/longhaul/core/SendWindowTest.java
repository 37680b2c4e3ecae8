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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SendWindowTest {
    private final Piece piece = new Piece();

    private void open(SendWindow window, int chunks) {
        for (int i = 0; i < chunks; i++) {
            window.onSent(window.open(piece), 0, i);
        }
    }

    @Test
    @Tag("fault-38")
    void creditIsAbsoluteAndNeverShrinks() {
        final SendWindow window = new SendWindow(64, 1 << 20, 10);
        assertEquals(10, window.room());
        open(window, 10);
        assertFalse(window.hasCredit());
        window.onCredit(30);
        window.onCredit(20);
        assertEquals(20, window.room());
    }

    @Test
    void itsOwnCapHoldsWhateverThePeerPromises() {
        final SendWindow window = new SendWindow(64, 128, Long.MAX_VALUE);
        open(window, 127);
        assertEquals(1, window.room());
        open(window, 1);
        assertEquals(0, window.room());
        assertFalse(window.hasCredit());
        window.onAcked(1);
        window.advance();
        assertFalse(window.hasCredit(), "the oldest chunk is still missing");
        window.onAcked(0);
        window.advance();
        assertTrue(window.hasCredit());
        assertEquals(2, window.room());
    }
}
