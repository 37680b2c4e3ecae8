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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

class PeerAddressTest {
    private static final int AT = 3;

    private static MemorySegment grh(String source) {
        final MemorySegment segment = MemorySegment.ofArray(new byte[AT + 40]);
        final byte[] address = InetAddress.ofLiteral(source).getAddress();
        final int header = address.length == 4 ? AT + 20 : AT;
        segment.set(ValueLayout.JAVA_BYTE, header, (byte) (address.length == 4 ? 0x45 : 0x60));
        final int at = address.length == 4 ? header + 12 : header + 8;
        MemorySegment.copy(MemorySegment.ofArray(address), 0, segment, at, address.length);
        return segment;
    }

    private static boolean matches(String peer, String source) {
        return new PeerAddress(InetAddress.ofLiteral(peer)).isSource(grh(source), AT);
    }

    @Test
    void knowsItselfAndNoOther() {
        assertTrue(matches("10.200.3.4", "10.200.3.4"));
        assertFalse(matches("10.200.3.4", "10.200.3.5"));
        assertTrue(matches("2001:db8::1", "2001:db8::1"));
        assertFalse(matches("2001:db8::1", "2001:db8::2"));
        assertFalse(matches("2001:db8::1", "2001:db9::1"));
        assertTrue(matches("255.255.255.255", "255.255.255.255"));
    }

    @Test
    void aHeaderOfTheOtherFamilyIsNeverThePeer() {
        assertFalse(matches("0.0.0.1", "::1"));
        assertFalse(matches("::1", "0.0.0.1"));
        assertFalse(matches("0.0.0.0", "::"));
    }
}
