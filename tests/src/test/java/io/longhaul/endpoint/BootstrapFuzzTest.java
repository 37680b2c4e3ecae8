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

import io.longhaul.ConnectionException;
import io.longhaul.fuzz.Fuzzer;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Messages of bootstrap, from peers that nothing is known about yet.
@Timeout(600)
class BootstrapFuzzTest {
    @Test
    @Tag("fault-16")
    void messagesAreReadOrRefusedAndNothingElse() {
        new Fuzzer("bootstrap", corpus(), BootstrapFuzzTest::decode).run(1);
    }

    static List<byte[]> corpus() {
        final byte[] refusal = bytes(BootstrapCodec.encode(new BootstrapMessage.Refusal(3, "no place is free")));
        final byte[] hello = new byte[BootstrapCodec.HEADER_BYTES + 200];
        System.arraycopy(refusal, 0, hello, 0, BootstrapCodec.HEADER_BYTES);
        final byte[] answer = hello.clone();
        hello[6] = 1;
        answer[6] = 2;
        return List.of(refusal, hello, answer);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        final byte[] bytes = new byte[buffer.remaining()];
        buffer.get(buffer.position(), bytes);
        return bytes;
    }

    static int decode(byte[] input) {
        if (input.length < BootstrapCodec.HEADER_BYTES) {
            return 0; // the channel waits for the rest
        }
        final ByteBuffer buffer = ByteBuffer.wrap(input);
        if (!BootstrapCodec.isMagic(buffer)) {
            return 1;
        }
        try {
            final BootstrapCodec.Header header = BootstrapCodec.header(buffer);
            if (header.bodyBytes() > input.length - BootstrapCodec.HEADER_BYTES) {
                return 2;
            }
            final BootstrapMessage message =
                    BootstrapCodec.decode(header, buffer.slice(BootstrapCodec.HEADER_BYTES, header.bodyBytes()));
            return message.getClass().hashCode();
        } catch (ConnectionException e) {
            return String.valueOf(e.getMessage()).replaceAll("[0-9]+", "0").hashCode();
        }
    }
}
