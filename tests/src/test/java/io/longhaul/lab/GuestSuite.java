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

import io.longhaul.cli.Main;
import io.longhaul.verbs.RdmaDevice;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// The tests with the tag of the guest, and the class path that holds them.
///
/// @param classPath of the guest's JVM: that of this one, and the test classes of the other modules
/// @param expected display name by unique identifier, of all tests and of what makes tests when it runs
record GuestSuite(List<Path> classPath, Map<String, String> expected) {
    /// Finds the tests, in a process of its own: test classes see the insides of their packages, which only one
    /// class loader
    /// for both of them allows.
    ///
    /// @param only part of a class name; empty takes all
    /// @param folder where the list of tests is left
    static GuestSuite discover(String only, Path folder) throws IOException, InterruptedException {
        final List<Path> roots = roots();
        final List<Path> classPath = new ArrayList<>(roots);
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            final Path path = Path.of(entry).toAbsolutePath();
            if (!classPath.contains(path)) {
                classPath.add(path);
            }
        }
        final Path list = folder.resolve("tests");
        final Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        joined(classPath),
                        GuestSuite.class.getName(),
                        list.toString(),
                        only)
                .inheritIO()
                .start();
        if (process.waitFor() != 0) {
            throw new IllegalStateException("the tests of the guest could not be found");
        }
        final Map<String, String> expected = new LinkedHashMap<>();
        for (String line : Files.readAllLines(list)) {
            final String[] fields = line.split("\t");
            expected.put(fields[1], fields[2]);
        }
        return new GuestSuite(classPath, expected);
    }

    /// What {@link #discover} runs: writes class, identifier and name of each test to the file `arguments[0]`.
    public static void main(String[] arguments) throws IOException {
        final TestPlan plan = plan(new LinkedHashSet<>(roots()));
        final String only = arguments.length > 1 ? arguments[1] : "";
        final List<String> lines = new ArrayList<>();
        for (TestIdentifier root : plan.getRoots()) {
            for (TestIdentifier test : plan.getDescendants(root)) {
                if (test.getSource().orElse(null) instanceof MethodSource method
                        && method.getClassName().contains(only)) {
                    final String name = method.getClassName() + " > " + test.getDisplayName();
                    lines.add(String.join(
                            "\t", outermost(method.getClassName()), test.getUniqueId(), name.replaceAll("\\s", " ")));
                }
            }
        }
        Files.write(Path.of(arguments[0]), lines);
    }

    /// The class path as one word.
    String joinedClassPath() {
        return joined(classPath);
    }

    private static String joined(List<Path> paths) {
        return paths.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }

    /// The folders of test classes of all modules that have tests for the guest.
    private static List<Path> roots() {
        return Stream.of(RdmaDevice.class, io.longhaul.Connection.class, Main.class, GuestSuite.class)
                .map(GuestSuite::testClassesBeside)
                .filter(Files::isDirectory)
                .distinct()
                .toList();
    }

    private static TestPlan plan(Set<Path> roots) {
        return LauncherFactory.create()
                .discover(LauncherDiscoveryRequestBuilder.request()
                        .selectors(DiscoverySelectors.selectClasspathRoots(roots))
                        .filters(TagFilter.includeTags(GuestTests.TAG))
                        .build());
    }

    private static String outermost(String className) {
        final int nested = className.indexOf('$');
        return nested < 0 ? className : className.substring(0, nested);
    }

    /// The test classes of the module of a class, which stand beside its classes or its jar.
    private static Path testClassesBeside(Class<?> type) {
        try {
            return Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .resolveSibling("test-classes");
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }
}
