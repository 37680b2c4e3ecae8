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
package io.longhaul.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.lab.GuestReport.Event;
import io.longhaul.lab.GuestReport.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A run of the guest in which something died does not pass.
class GuestVerdictTest {
    private static final Map<String, String> EXPECTED = Map.of("c/m", "C > m()");

    private static Event event(Kind kind, String id) {
        return new Event(kind, id, id, 0, "");
    }

    private static List<String> failures(int status, Event... events) {
        return GuestVerdict.of(List.of(events), EXPECTED, status).stream()
                .filter(event -> event.kind() == Kind.FAILED)
                .map(Event::id)
                .toList();
    }

    @Test
    void aMethodWhoseTestsAllPassedPasses() {
        assertEquals(
                List.of(),
                failures(
                        0,
                        event(Kind.BEGUN, "c"),
                        event(Kind.BEGUN, "c/m"),
                        event(Kind.BEGUN, "c/m/1"),
                        event(Kind.PASSED, "c/m/1"),
                        event(Kind.ENDED, "c/m"),
                        event(Kind.ENDED, "c"),
                        event(Kind.DONE, "")));
    }

    @Test
    void aLaterInvocationThatKilledTheJvmFailsThoughAnEarlierOnePassed() {
        assertEquals(
                List.of("c/m", "c/m/2"),
                failures(
                        0,
                        event(Kind.BEGUN, "c/m"),
                        event(Kind.BEGUN, "c/m/1"),
                        event(Kind.PASSED, "c/m/1"),
                        event(Kind.BEGUN, "c/m/2")));
    }

    @Test
    void anEndOfAJvmFailsThoughAnotherOnePassedTheTests() {
        assertEquals(
                List.of("jvm:1"),
                failures(0, event(Kind.FAILED, "jvm:1"), event(Kind.BEGUN, "c/m"), event(Kind.PASSED, "c/m")));
    }

    @Test
    void whatWasNotBegunOrMadeNoTestFails() {
        assertEquals(List.of("c/m"), failures(0));
        assertEquals(List.of("c/m"), failures(0, event(Kind.BEGUN, "c/m"), event(Kind.ENDED, "c/m")));
    }

    @Test
    void aClassThatCouldNotBePreparedAnswersForItsTests() {
        assertEquals(List.of("c"), failures(0, event(Kind.BEGUN, "c"), event(Kind.FAILED, "c")));
        assertEquals(List.of(), failures(0, event(Kind.SKIPPED, "c")));
    }

    @Test
    void aGuestThatDidNotEndWellFails() {
        assertEquals(List.of("guest"), failures(124, event(Kind.BEGUN, "c/m"), event(Kind.PASSED, "c/m")));
    }

    /// The script of the guest, with a program in place of `java` that dies in the middle of a line, then succeeds.
    @Test
    @Timeout(60)
    void theScriptOfTheGuestTellsOfEveryJvmThatDied(@TempDir Path folder) throws Exception {
        assertEquals(0, script(folder, """
                if [[ -e $report ]]; then exit 0; fi
                printf 'BEGUN\\tc/m\\tC > m()\\t0\\t\\nPASS' >"$report"
                kill -SEGV $$
                """));
        final List<Event> events = GuestReport.read(folder.resolve("report"));
        assertEquals(
                List.of(Kind.BEGUN, Kind.FAILED),
                events.stream().map(Event::kind).toList());
        assertTrue(
                events.getLast().text().contains("139; begun last: C > m()"),
                events.getLast().text());
        assertEquals(2, GuestVerdict.of(events, EXPECTED, 0).size());
    }

    @Test
    @Timeout(60)
    void theScriptOfTheGuestFailsWhenNoJvmComesToItsEnd(@TempDir Path folder) throws Exception {
        assertEquals(1, script(folder, "exit 70"));
        assertEquals(20, GuestReport.read(folder.resolve("report")).size());
    }

    private static int script(Path folder, String java) throws IOException, InterruptedException {
        final Path bin = Files.createDirectories(folder.resolve("jdk/bin"));
        final Path program = Files.writeString(bin.resolve("java"), """
                #!/usr/bin/env bash
                if [[ $1 == -version ]]; then exit 0; fi
                report=${!#}
                """ + java);
        assertTrue(program.toFile().setExecutable(true));
        Files.writeString(folder.resolve("class-path"), "none");
        Files.writeString(folder.resolve("tests"), "C\tc/m\n");
        final ProcessBuilder builder = new ProcessBuilder(
                        "bash",
                        "-c",
                        "wan_up() { :; }; export -f wan_up; exec \"$0\" \"$1\"",
                        RxeLabTest.LAB.resolve("guest-tests").toString(),
                        folder.toString())
                .inheritIO();
        builder.environment().put("JAVA_HOME", bin.getParent().toString());
        final Process process = builder.start();
        assertTrue(process.waitFor(50, TimeUnit.SECONDS));
        return process.exitValue();
    }
}
