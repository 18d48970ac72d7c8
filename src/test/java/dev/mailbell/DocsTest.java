package dev.mailbell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** The documents name classes, members, packages and files that exist. */
class DocsTest {
    private static final Path ROOT = Path.of("").toAbsolutePath();

    /** Decision records up to this number use earlier names of classes; record 34 lists them. */
    private static final int LAST_WITH_EARLIER_NAMES = 33;

    private static final Pattern CODE = Pattern.compile("`([^`\n]+)`");

    /** A class name, optionally with a member, and with the package as in {@code mail/Proof}. */
    private static final Pattern CLASS_NAME =
            Pattern.compile("(?:[a-z0-9/]+/)?([A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+)(?:\\.(\\w+))?");

    private static final Pattern PACKAGE_NAME = Pattern.compile("dev\\.mailbell(?:\\.[a-z0-9]+)+");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.*?) *$");

    /** A fenced block, with its language and its text. */
    private static final Pattern BLOCK =
            Pattern.compile("(?ms)^[ >]*```(\\w*)[^\\n]*\\n(.*?)^[ >]*```");

    /** Backticked names in CamelCase that are no classes of Mailbell. */
    private static final Set<String> FOREIGN =
            Set.of(
                    "EventSource", // browsers
                    "InstantSource",
                    "MemoryDenyWriteExecute", // systemd
                    "MeterRegistry",
                    "VirtualThreadSchedulerMXBean");

    @Test
    void every_class_named_in_a_document_exists_and_so_does_its_member() throws IOException {
        List<String> missing = new ArrayList<>();
        for (Path document : documents()) {
            if (usesEarlierNames(document)) {
                continue;
            }
            for (String code : codeIn(document)) {
                Matcher name = CLASS_NAME.matcher(code);
                if (name.matches() && !isKnown(name.group(1), name.group(2))) {
                    missing.add(ROOT.relativize(document) + ": " + code);
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void every_package_named_in_a_document_exists() throws IOException {
        List<String> missing = new ArrayList<>();
        for (Path document : documents()) {
            for (String code : codeIn(document)) {
                Path directory = Path.of("src/main/java", code.split("\\."));
                if (PACKAGE_NAME.matcher(code).matches()
                        && !Files.isDirectory(ROOT.resolve(directory))) {
                    missing.add(ROOT.relativize(document) + ": " + code);
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    void every_link_within_the_documents_leads_somewhere() throws IOException {
        List<String> missing = new ArrayList<>();
        for (Path document : documents()) {
            Matcher link = LINK.matcher(proseOf(document));
            while (link.find()) {
                String target = link.group(1);
                if (!target.contains("://") && !leadsSomewhere(document, target)) {
                    missing.add(ROOT.relativize(document) + ": " + target);
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    private static boolean leadsSomewhere(Path document, String target) throws IOException {
        String file = target.replaceFirst("#.*", "");
        Path linked = file.isEmpty() ? document : document.resolveSibling(file).normalize();
        if (!target.contains("#") || !linked.toString().endsWith(".md")) {
            return Files.exists(linked);
        }
        return Files.exists(linked)
                && anchorsIn(linked).contains(target.substring(target.indexOf('#') + 1));
    }

    /** The anchors that GitHub gives to headings; a heading that comes again gets a number. */
    private static Set<String> anchorsIn(Path document) throws IOException {
        Set<String> anchors = new TreeSet<>();
        Matcher heading = HEADING.matcher(proseOf(document));
        while (heading.find()) {
            String anchor =
                    heading.group(1)
                            .replaceAll("\\[([^\\]]*)\\]\\([^)]*\\)", "$1")
                            .toLowerCase(Locale.ROOT)
                            .replaceAll("[^\\p{L}\\p{N} _-]", "")
                            .replace(' ', '-');
            for (int again = 0; !anchors.add(again == 0 ? anchor : anchor + "-" + again); ) {
                again++;
            }
        }
        return anchors;
    }

    /** A document without its blocks of code. */
    private static String proseOf(Path document) throws IOException {
        return BLOCK.matcher(Files.readString(document)).replaceAll("");
    }

    @Test
    void every_block_of_json_is_json() throws IOException {
        List<String> broken = new ArrayList<>();
        int blocks = 0;
        for (Path document : documents()) {
            Matcher block = BLOCK.matcher(Files.readString(document));
            while (block.find()) {
                if (!block.group(1).equals("json")) {
                    continue;
                }
                blocks++;
                String text = block.group(2).strip();
                // A member alone stands for itself.
                String json =
                        text.startsWith("{") || text.startsWith("[") ? text : "{" + text + "}";
                try {
                    JsonMapper.shared().readTree(json);
                } catch (JacksonException e) {
                    broken.add(ROOT.relativize(document) + ": " + text);
                }
            }
        }
        assertThat(broken).isEmpty();
        assertThat(blocks).isPositive();
    }

    @Test
    void the_readme_is_short() throws IOException {
        assertThat(Files.readAllLines(ROOT.resolve("README.md"))).hasSizeLessThan(150);
    }

    @Test
    void every_document_is_in_the_index() throws IOException {
        String index =
                Files.readString(ROOT.resolve("docs/README.md"))
                        + Files.readString(ROOT.resolve("docs/providers/README.md"));
        assertThat(
                        documents().stream()
                                .filter(path -> path.startsWith(ROOT.resolve("docs")))
                                .filter(path -> !path.startsWith(ROOT.resolve("docs/adr")))
                                .map(path -> path.getFileName().toString())
                                .filter(name -> !name.equals("README.md")))
                .isNotEmpty()
                .allSatisfy(name -> assertThat(index).contains(name + ")"));
    }

    @Test
    void every_decision_is_in_the_index() throws IOException {
        String index = Files.readString(ROOT.resolve("docs/adr/README.md"));
        assertThat(
                        documents().stream()
                                .filter(DocsTest::isDecision)
                                .map(path -> "(" + path.getFileName() + ")"))
                .isNotEmpty()
                .allSatisfy(link -> assertThat(index).contains(link));
    }

    private static boolean isKnown(String className, @Nullable String member) throws IOException {
        if (FOREIGN.contains(className) || isAlert(className)) {
            return true;
        }
        List<Path> sources = sourcesOf(className);
        if (member == null || sources.isEmpty()) {
            return !sources.isEmpty();
        }
        for (Path source : sources) {
            if (Pattern.compile("\\b" + member + "\\b").matcher(Files.readString(source)).find()) {
                return true;
            }
        }
        return false;
    }

    private static boolean isAlert(String name) throws IOException {
        return Files.readString(ROOT.resolve("config/alerts.yml"))
                .contains("alert: " + name + "\n");
    }

    private static List<Path> sourcesOf(String className) throws IOException {
        return files(ROOT.resolve("src"), path -> path.endsWith(className + ".java"));
    }

    private static Set<String> codeIn(Path document) throws IOException {
        return CODE.matcher(Files.readString(document))
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isDecision(Path document) {
        return document.getFileName().toString().matches("\\d{4}-.*\\.md");
    }

    private static boolean usesEarlierNames(Path document) {
        return isDecision(document)
                && Integer.parseInt(document.getFileName().toString().substring(0, 4))
                        <= LAST_WITH_EARLIER_NAMES;
    }

    private static List<Path> documents() throws IOException {
        List<Path> documents =
                new ArrayList<>(
                        files(
                                ROOT.resolve("docs"),
                                path ->
                                        path.toString().endsWith(".md")
                                                && !path.toString().contains("node_modules")));
        try (Stream<Path> top = Files.list(ROOT)) {
            top.filter(path -> path.toString().endsWith(".md")).forEach(documents::add);
        }
        assertThat(documents).hasSizeGreaterThan(10);
        return documents;
    }

    private static List<Path> files(Path directory, Predicate<Path> filter) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile).filter(filter).sorted().toList();
        }
    }
}
