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
package io.longhaul.cli.quantity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Locale;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantitiesTest {
    /// Texts that no quantity may accept, whatever its units.
    private static final String[] NEVER = {
        "",
        " ",
        "-0",
        "-1",
        "+1",
        "NaN",
        "Infinity",
        "-Infinity",
        "1e400",
        "0x10",
        "1_000",
        "1,5",
        ".5",
        "5.",
        "1..2",
        "٣",
        "１",
        "\u0000",
        "1\n",
        "10 ",
        " 10",
        "1e",
        "e5",
        "١٠GB",
        "9999999999999999999999999999999999999999"
    };

    @ParameterizedTest
    @CsvSource({
        "1B,1",
        "512B,512",
        "64KiB,65536",
        "64kib,65536",
        "2GiB,2147483648",
        "10GB,10000000000",
        "72TB,72000000000000",
        "1.5MiB,1572864",
        "1.5kB,1500",
        "1KB,1000",
        "3PB,3000000000000000",
        "8191PiB,9222246136947933184",
        "0.5KiB,512"
    })
    void readsSizes(String text, long bytes) {
        assertEquals(bytes, ByteSize.parse(text).bytes());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10",
                "0",
                "0B",
                "10gb",
                "10mb",
                "10Gb",
                "1.5k",
                "10K",
                "0.1B",
                "1.0001KiB",
                "8192PiB",
                "1EB",
                "10 GB",
                "GB",
                "1GB2",
                "10GBGB",
                "10%",
                "1e3B"
            })
    void refusesWhatIsNoSize(String text) {
        refuses(ByteSize::parse, text);
    }

    @ParameterizedTest
    @CsvSource({
        "2gbit,2000000000",
        "500mbit,500000000",
        "100gbit,100000000000",
        "100Gb/s,100000000000",
        "2.5Gbps,2500000000",
        "1kbit,1000",
        "56kbps,56000",
        "1bit,1",
        "10MB/s,80000000",
        "1GB/s,8000000000",
        "1tbit,1000000000000",
        "1Gbit/s,1000000000"
    })
    void readsRates(String text, long bitsPerSecond) {
        assertEquals(bitsPerSecond, BitRate.parse(text).bitsPerSecond());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2",
                "0gbit",
                "0",
                "1.5bit",
                "1gb",
                "2000tbit",
                "2Gigabit",
                "1GiB/s",
                "1e9bit",
                "NaNgbit",
                "2gbit2",
                "2 gbit",
                "gbit"
            })
    void refusesWhatIsNoRate(String text) {
        refuses(BitRate::parse, text);
    }

    @ParameterizedTest
    @CsvSource({
        "50us,50000",
        "50µs,50000",
        "20ms,20000000",
        "2s,2000000000",
        "1.5s,1500000000",
        "0s,0",
        "1ns,1",
        "10min,600000000000",
        "2h,7200000000000",
        "0.5us,500",
        "8760h,31536000000000000"
    })
    void readsTimes(String text, long nanos) {
        assertEquals(nanos, TimeSpan.parse(text).nanos());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10",
                "10m",
                "-1s",
                "PT5S",
                "PT-5S",
                "292y",
                "293y",
                "8761h",
                "0.5ns",
                "1d",
                "1S",
                "10MS",
                "1h30min",
                "Infinitys"
            })
    void refusesWhatIsNoTime(String text) {
        refuses(TimeSpan::parse, text);
    }

    @ParameterizedTest
    @CsvSource({
        "0.1%,0.001",
        "1e-4,0.0001",
        "1E-4,0.0001",
        "0,0",
        "1,1",
        "100%,1",
        "0.001,0.001",
        "0%,0",
        "1e-40,1e-40",
        "5e-1%,0.005"
    })
    void readsFractions(String text, double value) {
        assertEquals(value, Fraction.parse(text).value());
    }

    @ParameterizedTest
    @ValueSource(strings = {"101%", "1.1", "-0.1%", "0,1%", "NaN", "1e-400", "%", "1%%", "0.1 %", "1e1", "1e-4x"})
    void refusesWhatIsNoFraction(String text) {
        refuses(Fraction::parse, text);
    }

    @ParameterizedTest
    @CsvSource({"2000km,2000", "2000,2000", "500m,0.5", "0km,0", "0.5km,0.5"})
    void readsLengths(String text, double kilometres) {
        assertEquals(kilometres, Distance.parse(text).kilometres());
    }

    @ParameterizedTest
    @ValueSource(strings = {"2000mi", "-1km", "km", "400000km", "1e3km", "2000 km", "NaNkm"})
    void refusesWhatIsNoLength(String text) {
        refuses(Distance::parse, text);
    }

    @Test
    void twoThousandKilometresTakeTenMillisecondsOneWay() {
        assertEquals(10_000_000, Distance.parse("2000km").oneWayNanos());
    }

    @ParameterizedTest
    @CsvSource({
        "dc2:4900,dc2,4900",
        "192.0.2.7:1,192.0.2.7,1",
        "[::1]:4791,::1,4791",
        "[2001:db8::1]:65535,2001:db8::1,65535",
        "[fe80::1%eth0]:80,fe80::1%eth0,80",
        "localhost:00080,localhost,80"
    })
    void readsAddresses(String text, String host, int port) {
        assertEquals(new HostPort(host, port), HostPort.parse(text));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "host",
                "host:",
                ":80",
                "host:0",
                "host:65536",
                "host:-1",
                "host:abc",
                "host:1e3",
                "host:٣",
                "host:080000",
                "::1:80",
                "[::1]",
                "[::1]:",
                "[]:80",
                "[host]:80",
                "ho st:80",
                "host:80 ",
                "host:80:90",
                "user@host:80",
                "a/b:80",
                "host\n:80"
            })
    void refusesWhatIsNoAddress(String text) {
        refuses(HostPort::parse, text);
    }

    @Test
    void listensOnPortZeroAndNowhereElse() {
        assertEquals(0, HostPort.parseListen("0.0.0.0:0").port());
        refuses(HostPort::parse, "0.0.0.0:0");
    }

    @Test
    void addressesPrintAsTheyAreRead() {
        for (String each : new String[] {"dc2:4900", "[::1]:4791", "192.0.2.7:1"}) {
            assertEquals(each, HostPort.parse(each).toString());
        }
    }

    @Test
    void tellsRemotePathsFromLocalOnes() {
        assertEquals(
                "a/b c", RemotePath.tryParse("dc2:4900/a/b c").orElseThrow().path());
        assertEquals("", RemotePath.tryParse("[::1]:4900/").orElseThrow().path());
        assertEquals(
                "/etc/passwd",
                RemotePath.tryParse("dc2:4900//etc/passwd").orElseThrow().path());
        for (String local : new String[] {"file", "./a:1/b", "/tmp/x", "a/b:1/c", "../x", "C", "dir/"}) {
            assertTrue(RemotePath.tryParse(local).isEmpty(), local);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dc2:4900", "dc2:0/x", "dc2:99999/x", "dc2:/x", "[::1]:/x", "[::1]:80", "dc2:abc/x"})
    void refusesRemotePathsThatAreWrong(String text) {
        refuses(RemotePath::tryParse, text);
    }

    @Test
    void refusesTheSameNonsenseEverywhere() {
        for (String each : NEVER) {
            refuses(ByteSize::parse, each);
            refuses(BitRate::parse, each);
            refuses(TimeSpan::parse, each);
            refuses(Fraction::parse, each);
            refuses(Distance::parse, each);
            refuses(HostPort::parse, each);
        }
    }

    @Test
    void doesNotDependOnTheLocale() {
        final Locale before = Locale.getDefault();
        try {
            for (String tag : new String[] {"tr-TR", "de-DE", "ar-EG-u-nu-arab"}) {
                Locale.setDefault(Locale.forLanguageTag(tag));
                assertEquals(1_572_864, ByteSize.parse("1.5MiB").bytes());
                assertEquals(1 << 20, ByteSize.parse("1mib").bytes());
                assertEquals(2_500_000_000L, BitRate.parse("2.5gbit").bitsPerSecond());
                assertEquals("1.50 GiB", ByteSize.format(3L << 29));
                assertEquals("2.00 Gb/s", BitRate.format(2e9));
                assertEquals("20.0 ms", TimeSpan.format(2e7));
                assertEquals("0.1%", new Fraction(0.001).toString());
            }
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void printsSizesWithTheUnitThatFits() {
        assertEquals("72 TB", ByteSize.parse("72TB").toString());
        assertEquals("2.00 GiB", ByteSize.parse("2GiB").toString());
        assertEquals("1.5 GB", ByteSize.parse("1.5GB").toString());
        assertEquals("512 B", ByteSize.parse("512B").toString());
    }

    @Test
    void printsLongTimesForPeople() {
        assertEquals("1 h 36 min", TimeSpan.format(5760e9));
        assertEquals("4 min 05 s", TimeSpan.format(245e9));
        assertEquals("699 days", TimeSpan.format(699 * 86_400e9));
    }

    private static void refuses(Function<String, ?> parser, String text) {
        final QuantityException e = assertThrows(QuantityException.class, () -> parser.apply(text), "'" + text + "'");
        final String message = String.valueOf(e.getMessage());
        assertFalse(message.contains("\n"), message);
        assertTrue(message.contains("write for example"), message);
    }
}
