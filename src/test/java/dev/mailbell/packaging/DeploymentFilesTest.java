package dev.mailbell.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The unit, the file for Docker Compose and the workflows, as far as they can be read here. */
class DeploymentFilesTest {
    private static final YAMLMapper YAML = new YAMLMapper();
    private static final Pattern USES = Pattern.compile("uses: *(\\S+)(.*)");

    @Test
    void systemd_finds_the_service_well_confined() throws Exception {
        assumeTrue(Shell.has("systemd-analyze"), "systemd");
        String said =
                Shell.run(
                                List.of(
                                        "systemd-analyze",
                                        "security",
                                        "--offline=true",
                                        "--no-pager",
                                        // In tenths; 3 is "OK".
                                        "--threshold=29",
                                        "config/mailbell.service"),
                                Map.of())
                        .expect(0);
        assertThat(said).contains("Overall exposure level");
    }

    @Test
    void compose_starts_two_nodes_on_one_database() throws Exception {
        List<String> compose = compose();
        assumeTrue(!compose.isEmpty(), "docker compose");
        List<String> command = new ArrayList<>(compose);
        command.addAll(List.of("-f", "docker-compose.yml", "config"));
        Map<String, String> secrets =
                Map.of("MAILBELL_ADMIN_KEY", "mbk_of_a_test_only", "POSTGRES_PASSWORD", "secret");
        JsonNode services = YAML.readTree(Shell.run(command, secrets).expect(0)).path("services");
        assertThat(services.propertyNames())
                .containsExactlyInAnyOrder("mailbell-1", "mailbell-2", "database");
        for (String node : List.of("mailbell-1", "mailbell-2")) {
            JsonNode service = services.path(node);
            assertThat(service.path("read_only").booleanValue()).as(node).isTrue();
            // By which the nodes find each other.
            assertThat(service.path("hostname").stringValue()).isEqualTo(node);
            assertThat(service.path("environment").path("MAILBELL_DATABASE_URL").stringValue())
                    .isEqualTo("jdbc:postgresql://database:5432/mailbell");
            assertThat(service.path("volumes").toString()).contains("/var/lib/mailbell");
        }
        assertThat(Shell.run(command, Map.of("POSTGRES_PASSWORD", "secret")).status())
                .as("without the operator's key it says so")
                .isNotZero();
    }

    private static List<String> compose() throws Exception {
        if (Shell.has("docker-compose")) {
            return List.of("docker-compose");
        }
        boolean plugin =
                Shell.has("docker")
                        && Shell.run(List.of("docker", "compose", "version"), Map.of()).status()
                                == 0;
        return plugin ? List.of("docker", "compose") : List.of();
    }

    @Test
    void the_image_runs_as_nobody_in_particular() throws Exception {
        String dockerfile = Files.readString(Path.of("Dockerfile"));
        assertThat(dockerfile)
                .containsPattern("(?m)^USER \\d+:0$")
                .contains("HEALTHCHECK", "/readyz", "VOLUME /var/lib/mailbell");
        // What the stage that builds copies must pass .dockerignore.
        String passed = Files.readString(Path.of(".dockerignore"));
        Matcher copied = Pattern.compile("(?m)^COPY (?!--from)(.*) \\S+$").matcher(dockerfile);
        int found = 0;
        while (copied.find()) {
            for (String source : copied.group(1).split(" ")) {
                assertThat(passed.lines()).as(dockerfile).contains("!" + source);
                assertThat(Path.of(source)).exists();
                found++;
            }
        }
        assertThat(found).isGreaterThan(5);
    }

    @Test
    void workflows_name_actions_by_their_commits() throws Exception {
        try (Stream<Path> files = Files.list(Path.of(".github/workflows"))) {
            for (Path file : files.toList()) {
                assertThat(YAML.readTree(file.toFile()).path("jobs").isEmpty())
                        .as(file.toString())
                        .isFalse();
                Matcher uses = USES.matcher(Files.readString(file));
                while (uses.find()) {
                    assertThat(uses.group(1)).as(file.toString()).matches("[\\w./-]+@[0-9a-f]{40}");
                    assertThat(uses.group(2)).as(file.toString()).matches(" # v\\d+(\\.\\d+)*");
                }
            }
        }
    }
}
