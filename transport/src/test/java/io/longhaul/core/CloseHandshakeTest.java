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

import org.junit.jupiter.api.Test;

class CloseHandshakeTest {
    private static final long TIMEOUT_NANOS = 1_000;

    @Test
    void aRepeatedCloseIsAnsweredButDoesNotLengthenTheLife() {
        final CloseHandshake closing = new CloseHandshake();
        closing.onPeerClose(0, TIMEOUT_NANOS);
        final long dueNanos = closing.dueNanos();
        assertTrue(closing.isConfirmPending());
        for (long now = 100; now < dueNanos; now += 100) {
            closing.onPeerClose(now, TIMEOUT_NANOS);
            assertTrue(closing.isConfirmPending());
            assertEquals(dueNanos, closing.dueNanos());
            assertFalse(closing.onTimeout(now));
        }
        assertTrue(closing.onTimeout(dueNanos));
        assertEquals(CloseHandshake.State.CLOSED, closing.state());
    }
}
