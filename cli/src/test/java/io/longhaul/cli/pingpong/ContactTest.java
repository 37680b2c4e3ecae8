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
package io.longhaul.cli.pingpong;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContactTest {
    private static final String SEEN = "0000:000011:09fd16:00000000000000000000ffff0a4d0001";

    private static byte[] bytes(String text) {
        return Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), Contact.BYTES);
    }

    @Test
    void readsWhatTheProgramOfRdmaCoreSends() throws IOException {
        final Contact contact = Contact.decode(bytes(SEEN));
        assertEquals(new Contact(0, 0x11, 0x09fd16, InetAddress.ofLiteral("10.77.0.1")), contact);
        assertEquals("LID 0x0000, QPN 0x000011, PSN 0x09fd16, GID 10.77.0.1", contact.toString());
    }

    @Test
    void writesTheSameBytes() {
        final Contact contact = new Contact(0, 0x11, 0x09fd16, InetAddress.ofLiteral("10.77.0.1"));
        assertArrayEquals(bytes(SEEN), contact.encode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"fd77::1", "192.0.2.255", "::", "2001:db8:0:1:2:3:4:5"})
    void comesBackAsItWent(String address) throws IOException {
        final Contact contact = new Contact(0xfffe, 0xabcdef, 0xffffff, InetAddress.ofLiteral(address));
        assertEquals(contact, Contact.decode(contact.encode()));
    }

    @Test
    void knowsThatAPeerNamedNoGid() throws IOException {
        assertFalse(
                Contact.decode(bytes(SEEN.substring(0, 19) + "0".repeat(32))).hasGid());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0000:000011:09fd16:",
                "0000:000011:09fd16:00000000000000000000ffff0a4d000",
                "0000:000011:09fd16:00000000000000000000ffff0a4d000g",
                "0000-000011-09fd16-00000000000000000000ffff0a4d0001",
                "-001:000011:09fd16:00000000000000000000ffff0a4d0001",
                "GET / HTTP/1.1\r\nHost: example.org\r\nAccept: */*\r\n\r\n"
            })
    void refusesWhatIsNotOfThisForm(String text) {
        assertThrows(IOException.class, () -> Contact.decode(bytes(text)));
    }

    @Test
    void randomBytesAreRefusedAndNothingElseHappens() {
        final SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < 10_000; i++) {
            final byte[] bytes = new byte[random.nextInt(Contact.BYTES + 1)];
            random.nextBytes(bytes);
            assertThrows(IOException.class, () -> Contact.decode(bytes));
        }
    }
}
