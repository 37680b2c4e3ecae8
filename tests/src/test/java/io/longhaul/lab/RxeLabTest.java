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

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/// Boots the lab guest once, runs all tests with the tag `guest` in it, and tells what each of them said as a test of
/// its own.
///
/// Skipped with the reason where the guest cannot run, or when `LONGHAUL_NO_LAB=1`. The properties `longhaul.lab.tests`
/// (part of
/// a class name) and `longhaul.lab.seconds` (limit of the guest's real time) choose.
class RxeLabTest {
    static final Path LAB = lab();

    @TestFactory
    @Timeout(
            value = 30,
            unit = TimeUnit.MINUTES) // the guest's own limit comes first; making it for the first time, before
    List<DynamicTest> guest() throws IOException, InterruptedException {
        Assumptions.assumeFalse(
                "1".equals(System.getenv("LONGHAUL_NO_LAB")), "LONGHAUL_NO_LAB=1 leaves out the lab guest");
        final Path folder = Files.createDirectories(folder());
        final Path report = folder.resolve("report");
        Files.deleteIfExists(report);
        final GuestSuite suite = GuestSuite.discover(System.getProperty("longhaul.lab.tests", ""), folder);
        assertTrue(!suite.expected().isEmpty(), "no test with the tag " + GuestTests.TAG + " is called so");
        checkGuest();
        Files.writeString(folder.resolve("class-path"), suite.joinedClassPath());
        final int status = run(folder);
        return GuestVerdict.of(GuestReport.read(report), suite.expected(), status).stream()
                .map(event -> DynamicTest.dynamicTest(event.name(), () -> repeat(event)))
                .toList();
    }

    private static void repeat(GuestReport.Event event) {
        switch (event.kind()) {
            case FAILED -> fail(event.name() + ": " + event.text());
            case SKIPPED -> Assumptions.abort("in the guest: " + event.text());
            default -> {}
        }
    }

    /// Prints what the guest will be, or skips with the reason.
    private static void checkGuest() throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(LAB.resolve("rxe-lab").toString(), "--check")
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        final String said = new String(process.getInputStream().readAllBytes()).strip();
        final int status = process.waitFor();
        System.out.println("lab: " + said);
        final String last = said.substring(said.lastIndexOf('\n') + 1);
        Assumptions.assumeTrue(status != 77, last);
        assertTrue(status == 0, "rxe-lab --check ended with status " + status + ": " + said);
    }

    /// Runs the guest, printing what it prints.
    private static int run(Path folder) throws IOException, InterruptedException {
        final ProcessBuilder builder = new ProcessBuilder(
                        LAB.resolve("rxe-lab").toString(),
                        "--timeout",
                        System.getProperty("longhaul.lab.seconds", "600"),
                        "--share",
                        folder.toString(),
                        LAB.resolve("guest-tests").toString(),
                        folder.toString())
                .redirectErrorStream(true);
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        final Process process = builder.start();
        try {
            process.getOutputStream().close();
            try (BufferedReader lines = process.inputReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    System.out.println("guest: " + line);
                }
            }
            return process.waitFor();
        } finally {
            process.destroy();
        }
    }

    /// A folder of this run, below the build's output.
    private static Path folder() {
        final Path classes = Path.of(RxeLabTest.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .getPath());
        return classes.resolveSibling("lab").toAbsolutePath();
    }

    private static Path lab() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("tests/lab/rxe-lab"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException("the tests are to run inside the source tree");
        }
        return folder.resolve("tests/lab");
    }
}
