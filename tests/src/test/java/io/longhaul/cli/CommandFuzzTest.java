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
package io.longhaul.cli;

import io.longhaul.cli.control.ControlCodec;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.RefusalException;
import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.Distance;
import io.longhaul.cli.quantity.Fraction;
import io.longhaul.cli.quantity.HostPort;
import io.longhaul.cli.quantity.QuantityException;
import io.longhaul.cli.quantity.RemotePath;
import io.longhaul.cli.quantity.TimeSpan;
import io.longhaul.fuzz.Fuzzer;
import io.longhaul.sim.LossTrace;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What people and peers give to the command: quantities, scenarios, traces of losses, control messages.
@Timeout(600)
class CommandFuzzTest {
    private static final List<Function<String, Object>> QUANTITIES = List.of(
            ByteSize::parse,
            BitRate::parse,
            TimeSpan::parse,
            Fraction::parse,
            Distance::parse,
            HostPort::parse,
            HostPort::parseListen,
            RemotePath::tryParse);

    private static List<byte[]> texts(String... texts) {
        return Stream.of(texts)
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList();
    }

    private static int shape(Exception e) {
        return String.valueOf(e.getMessage()).replaceAll("'[^']*'|[0-9]+", "").hashCode();
    }

    @Test
    void quantitiesAreReadOrRefusedWithOneLine() {
        new Fuzzer("quantities", quantityCorpus(), CommandFuzzTest::quantities).run(4);
    }

    @Test
    void scenariosAreReadOrRefused() {
        new Fuzzer("scenarios", scenarioCorpus(), CommandFuzzTest::scenario).run(4);
    }

    @Test
    void tracesOfLossesAreReadOrRefused() {
        new Fuzzer("traces", traceCorpus(), CommandFuzzTest::trace).run(4);
    }

    @Test
    void controlMessagesAreReadOrRefused() {
        new Fuzzer("control messages", controlCorpus(), CommandFuzzTest::controlMessage).run(1);
    }

    static List<byte[]> quantityCorpus() {
        return texts(
                "64KiB",
                "2gbit",
                "20ms",
                "0.1%",
                "2000km",
                "1e-4",
                "host:4900",
                "[::1]:4900",
                "0.0.0.0:0",
                "a.b:1/path",
                "-1",
                "1e400",
                "NaN",
                "1.5k",
                "9223372036854775807",
                "٣ms",
                "10 GiB",
                "");
    }

    static int quantities(byte[] input) {
        final String text = new String(input, StandardCharsets.UTF_8);
        int outcome = 0;
        for (final Function<String, Object> each : QUANTITIES) {
            outcome = outcome * 31 + quantity(each, text);
        }
        return outcome;
    }

    private static int quantity(Function<String, Object> parser, String text) {
        try {
            return parser.apply(text) instanceof Optional<?> place && place.isEmpty() ? 0 : 1;
        } catch (QuantityException e) {
            if (String.valueOf(e.getMessage()).lines().count() != 1) {
                throw new AssertionError("not one line: " + e.getMessage(), e);
            }
            return 2;
        }
    }

    static List<byte[]> scenarioCorpus() {
        return texts(
                "title T\ncell --rate 1gbit --rtt 20ms --size 1MiB\ntarget efficiency >= 0.9\nquick --runs 2\nbaseline gbn --loss 1e-3\n",
                "cell --rate 100gbit --rtt 200ms --loss 0.1% --burst 16 --reorder 1%:1ms --cc bbr --lanes 8 --cold\n");
    }

    static int scenario(byte[] input) {
        try {
            Scenario.parse("fuzz", new String(input, StandardCharsets.UTF_8));
            return 1;
        } catch (CommandFailure e) {
            return shape(e);
        }
    }

    static List<byte[]> traceCorpus() {
        return texts("100 1 # first\n7 2\n", "1 0", "0 1", "999999999999999999 1");
    }

    static int trace(byte[] input) {
        try {
            LossTrace.parse(new String(input, StandardCharsets.UTF_8)).lossFraction();
            return 1;
        } catch (IllegalArgumentException e) {
            return shape(e);
        }
    }

    static List<byte[]> controlCorpus() {
        final List<byte[]> corpus = new ArrayList<>();
        final byte[] ping = ControlCodec.encode(new ControlMessage.Ping());
        for (int type = 0; type < 24; type++) {
            final byte[] message = Arrays.copyOf(ping, ping.length + 48);
            message[ping.length - 1] = (byte) type; // the last byte of its header
            corpus.add(message);
        }
        return corpus;
    }

    static int controlMessage(byte[] input) {
        try {
            return ControlCodec.decode(ByteBuffer.wrap(input)).getClass().hashCode();
        } catch (RefusalException e) {
            return shape(e);
        }
    }
}
