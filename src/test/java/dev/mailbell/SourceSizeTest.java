package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Limits the files of a package and the lines of a class. */
class SourceSizeTest {
    private static final Path SOURCES = Path.of("src/main/java").toAbsolutePath();
    private static final int MOST_FILES = 22;
    private static final int MOST_LINES = 300;

    @Test
    void a_package_has_at_most_22_files() throws IOException {
        Map<Path, Long> files =
                sources().stream()
                        .collect(
                                Collectors.groupingBy(
                                        Path::getParent, TreeMap::new, Collectors.counting()));

        assertThat(files).hasSizeGreaterThan(50);
        assertThat(
                        files.entrySet().stream()
                                .filter(it -> it.getValue() > MOST_FILES)
                                .map(it -> SOURCES.relativize(it.getKey()) + ": " + it.getValue()))
                .as("split by the questions of a newcomer, and say so in docs/architecture.md")
                .isEmpty();
    }

    @Test
    void a_class_has_at_most_300_lines_besides_its_imports() throws IOException {
        Map<String, Long> found = new TreeMap<>();
        for (Path source : sources()) {
            long lines;
            try (Stream<String> all = Files.lines(source)) {
                lines = all.filter(line -> !line.startsWith("import ")).count();
            }
            if (lines > MOST_LINES) {
                found.put(source.getFileName().toString(), lines);
            }
        }

        assertThat(found).as("take out a second responsibility").isEmpty();
    }

    private static List<Path> sources() throws IOException {
        try (Stream<Path> all = Files.walk(SOURCES)) {
            return all.filter(path -> path.toString().endsWith(".java")).toList();
        }
    }
}
