package dev.mailbell.mail.discovery;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import dev.mailbell.fairness.ActingClient;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.mail.discovery.Discovered.Found;
import dev.mailbell.mail.discovery.Discovered.NotFound;
import dev.mailbell.mail.discovery.Discovered.Source;
import dev.mailbell.mail.scripted.ScriptedServer;
import dev.mailbell.network.Deadline;
import java.io.IOException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiscoveryTest {
    private final Map<String, List<SrvRecord>> srv = new HashMap<>();
    private final Map<String, String> files = new HashMap<>();
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private boolean dnsIsDown;
    private final Discovery discovery =
            new Discovery(ProviderTable.load(), this::lookup, this::get, new Random(1));

    private List<SrvRecord> lookup(String name, Deadline deadline) throws IOException {
        asked.add(name);
        if (dnsIsDown) {
            throw new IOException("down");
        }
        return srv.getOrDefault(name, List.of());
    }

    private Optional<byte[]> get(URI uri, Deadline deadline) throws IOException {
        asked.add(uri.toString());
        String file = files.get(uri.toString());
        if (file == null) {
            throw new UnknownHostException(uri.getHost());
        }
        return Optional.of(file.getBytes(UTF_8));
    }

    private Discovered discover(String address, Protocol protocol) {
        return discovery.discover(address, protocol, Deadline.after(Duration.ofSeconds(60)));
    }

    private String refusal(String address, Protocol protocol) {
        return discover(address, protocol) instanceof NotFound not ? not.message() : "found";
    }

    @ParameterizedTest
    @CsvSource({
        "ann@gmail.com, imap.gmail.com, pop.gmail.com",
        "ann@GoogleMail.com, imap.gmail.com, pop.gmail.com",
        "ann@hotmail.com, outlook.office365.com, outlook.office365.com",
        "ann@yahoo.co.uk, imap.mail.yahoo.com, pop.mail.yahoo.com",
        "ann@163.com, imap.163.com, pop.163.com",
        "ann@yeah.net, imap.yeah.net, pop.yeah.net",
        "ann@foxmail.com, imap.qq.com, pop.qq.com",
        "ann@sina.cn, imap.sina.cn, pop.sina.cn",
        "ann@bk.ru, imap.mail.ru, pop.mail.ru",
        "ann@rambler.ru, imap.rambler.ru, pop.rambler.ru",
        "ann@gmx.de, imap.gmx.net, pop.gmx.net",
        "ann@web.de, imap.web.de, pop3.web.de",
    })
    void well_known_providers_are_found_without_asking_anybody(
            String address, String imap, String pop3) {
        assertThat(discover(address, Protocol.IMAP))
                .isEqualTo(new Found(imap, 993, Security.TLS, address, Source.PROVIDER));
        assertThat(discover(address, Protocol.POP3))
                .isEqualTo(new Found(pop3, 995, Security.TLS, address, Source.PROVIDER));
        assertThat(asked).isEmpty();
    }

    @Test
    void a_provider_without_the_protocol_is_reported_as_such() {
        assertThat(refusal("ann@icloud.com", Protocol.POP3))
                .contains("icloud.com does not offer POP3");
        assertThat(asked).isEmpty();
    }

    @Test
    void a_domain_that_only_looks_like_a_provider_is_none() {
        assertThat(refusal("ann@gmail.com.example.org", Protocol.IMAP)).contains("mail.host");
        assertThat(asked).contains("_imaps._tcp.gmail.com.example.org");
    }

    @Test
    void an_srv_record_with_tls_goes_before_one_with_starttls() {
        srv.put("_imap._tcp.example.org", List.of(new SrvRecord(0, 0, 143, "plain.example.org.")));
        assertThat(discover("ann@example.org", Protocol.IMAP))
                .isEqualTo(
                        new Found(
                                "plain.example.org",
                                143,
                                Security.STARTTLS,
                                "ann@example.org",
                                Source.SRV));

        srv.put("_imaps._tcp.example.org", List.of(new SrvRecord(0, 0, 1993, "tls.example.org.")));
        assertThat(discover("ann@example.org", Protocol.IMAP))
                .isEqualTo(
                        new Found(
                                "tls.example.org",
                                1993,
                                Security.TLS,
                                "ann@example.org",
                                Source.SRV));
    }

    @Test
    void pop3_has_records_of_its_own() {
        srv.put("_pop3s._tcp.example.org", List.of(new SrvRecord(0, 0, 995, "pop.example.org.")));

        assertThat(discover("ann@example.org", Protocol.POP3))
                .isEqualTo(
                        new Found(
                                "pop.example.org",
                                995,
                                Security.TLS,
                                "ann@example.org",
                                Source.SRV));
    }

    @Test
    void a_domain_that_denies_the_service_is_believed() {
        srv.put("_pop3s._tcp.example.org", List.of(new SrvRecord(0, 0, 0, ".")));
        srv.put("_pop3._tcp.example.org", List.of(new SrvRecord(0, 0, 0, ".")));

        assertThat(refusal("ann@example.org", Protocol.POP3))
                .contains("example.org does not offer POP3");
        assertThat(asked).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({"IMAP, _imap, 993", "POP3, _pop3, 995"})
    void an_srv_record_that_names_a_port_with_tls_means_tls(
            Protocol protocol, String service, int port) {
        srv.put(
                service + "._tcp.example.org",
                List.of(new SrvRecord(0, 0, port, "mail.example.org.")));
        assertThat(discover("ann@example.org", protocol))
                .isEqualTo(
                        new Found(
                                "mail.example.org",
                                port,
                                Security.TLS,
                                "ann@example.org",
                                Source.SRV));
    }

    @Test
    void a_domain_that_denies_only_clear_text_is_searched_on() {
        srv.put("_imap._tcp.example.org", List.of(new SrvRecord(0, 0, 0, ".")));

        assertThat(refusal("ann@example.org", Protocol.IMAP)).contains("no IMAP server is known");
    }

    @Test
    void an_international_domain_is_asked_in_its_ascii_form() {
        srv.put(
                "_imaps._tcp.xn--bcher-kva.example",
                List.of(new SrvRecord(0, 0, 993, "imap.xn--bcher-kva.example.")));

        assertThat(discover("ann@Bücher.example", Protocol.IMAP))
                .isEqualTo(
                        new Found(
                                "imap.xn--bcher-kva.example",
                                993,
                                Security.TLS,
                                "ann@Bücher.example",
                                Source.SRV));
    }

    @Test
    void autoconfig_is_asked_last_and_by_https_alone() {
        files.put(
                "https://example.org/.well-known/autoconfig/mail/config-v1.1.xml",
                config(server("imap", "imap.%EMAILDOMAIN%", "993", "SSL", "%EMAILLOCALPART%")));

        assertThat(discover("ann+x@example.org", Protocol.IMAP))
                .isEqualTo(
                        new Found(
                                "imap.example.org", 993, Security.TLS, "ann+x", Source.AUTOCONFIG));
        assertThat(asked)
                .containsExactly(
                        "_imaps._tcp.example.org",
                        "_imap._tcp.example.org",
                        "https://autoconfig.example.org/mail/config-v1.1.xml?emailaddress=ann%2Bx%40example.org",
                        "https://example.org/.well-known/autoconfig/mail/config-v1.1.xml");
    }

    private Discovered autoconfig(String file, Protocol protocol) {
        files.put(
                "https://autoconfig.example.org/mail/config-v1.1.xml?emailaddress=ann%40example.org",
                file);
        return discover("ann@example.org", protocol);
    }

    private static String config(String... servers) {
        return "<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider id=\"x\">"
                + String.join("", servers)
                + "</emailProvider></clientConfig>";
    }

    private static String server(
            String type, String host, String port, String socket, String username) {
        return "<incomingServer type=\"%s\"><hostname> %s </hostname><port>%s</port><socketType>%s</socketType><username>%s</username></incomingServer>"
                .formatted(type, host, port, socket, username);
    }

    @Test
    void of_several_servers_the_safest_of_the_protocol_is_taken() {
        String file =
                config(
                        server("pop3", "pop.example.org", "995", "SSL", "%EMAILADDRESS%"),
                        server("imap", "a.example.org", "143", "plain", "%EMAILADDRESS%"),
                        server("imap", "b.example.org", "143", "STARTTLS", "%EMAILADDRESS%"),
                        server("imap", "not a host", "993", "SSL", "%EMAILADDRESS%"),
                        server("imap", "c.example.org", "0", "SSL", "%EMAILADDRESS%"),
                        server("imap", "d.example.org", "993", "SSL", "%EMAILADDRESS%"));

        assertThat(autoconfig(file, Protocol.IMAP))
                .isEqualTo(
                        new Found(
                                "d.example.org",
                                993,
                                Security.TLS,
                                "ann@example.org",
                                Source.AUTOCONFIG));
        assertThat(autoconfig(file, Protocol.POP3))
                .isEqualTo(
                        new Found(
                                "pop.example.org",
                                995,
                                Security.TLS,
                                "ann@example.org",
                                Source.AUTOCONFIG));
    }

    @Test
    void clear_text_is_never_found() {
        String file = config(server("imap", "a.example.org", "143", "plain", "%EMAILADDRESS%"));

        assertThat(autoconfig(file, Protocol.IMAP)).isInstanceOf(NotFound.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>",
                "no xml at all",
                "<!DOCTYPE c [<!ENTITY h \"imap\">]><c>%s</c>",
                "<!DOCTYPE c><c>%s</c>",
                "<c>%s"
            })
    void a_file_that_is_not_xml_or_brings_a_dtd_is_not_read(String template) {
        String good = server("imap", "imap.example.org", "993", "SSL", "%EMAILADDRESS%");
        assertThat(autoconfig("<c>" + good + "</c>", Protocol.IMAP)).isInstanceOf(Found.class);

        assertThat(autoconfig(template.replace("%s", good), Protocol.IMAP))
                .isInstanceOf(NotFound.class);
    }

    @ParameterizedTest
    @CsvSource({
        "imap, 993, STARTTLS, TLS",
        "pop3, 995, STARTTLS, TLS",
        "imap, 993, TLS, TLS",
        "imap, 143, TLS, STARTTLS",
        "pop3, 110, SSL/TLS, STARTTLS",
        "imap, 143, STARTTLS, STARTTLS",
        "imap, 1993, SSL, TLS"
    })
    void a_port_with_tls_from_the_first_byte_has_no_starttls_whatever_the_file_says(
            String type, String port, String socket, Security security) {
        String file = config(server(type, "a.example.org", port, socket, "%EMAILADDRESS%"));

        assertThat(autoconfig(file, Protocol.valueOf(type.toUpperCase(Locale.ROOT))))
                .isInstanceOfSatisfying(
                        Found.class, found -> assertThat(found.security()).isEqualTo(security));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<!DOCTYPE html><html><head><meta></head></html>", "not found", ""})
    void a_page_for_people_in_place_of_the_file_is_no_reason_to_try_again(String page) {
        files.put("https://example.org/.well-known/autoconfig/mail/config-v1.1.xml", page);

        assertThat(refusal("ann@example.org", Protocol.IMAP))
                .endsWith("neither in the DNS (SRV) nor by autoconfig: give mail.host");
    }

    private Candidates candidates(String address, Protocol... protocols) {
        return discovery.candidates(
                address, Set.of(protocols), Deadline.after(Duration.ofSeconds(60)));
    }

    @Test
    void all_published_servers_are_candidates_each_once() {
        srv.put("_imaps._tcp.example.org", List.of(new SrvRecord(0, 0, 993, "tls.example.org.")));
        srv.put("_imap._tcp.example.org", List.of(new SrvRecord(0, 0, 143, "old.example.org.")));
        files.put(
                "https://autoconfig.example.org/mail/config-v1.1.xml?emailaddress=ann%40example.org",
                config(
                        server("pop3", "pop.example.org", "110", "STARTTLS", "%EMAILLOCALPART%"),
                        server("pop3", "pop.example.org", "995", "SSL", "%EMAILLOCALPART%")
                                .replace(
                                        "<username>",
                                        "<authentication>OAuth2</authentication>"
                                                + "<authentication>GSSAPI</authentication>"
                                                + "<authentication>password-cleartext</authentication>"
                                                + "<username>"),
                        server("smtp", "smtp.example.org", "465", "SSL", "x")));
        Candidates found = candidates("ann@example.org", Protocol.IMAP, Protocol.POP3);
        assertThat(found.message()).isEmpty();
        assertThat(found.found())
                .extracting(
                        Candidate::protocol,
                        it -> it.server().host(),
                        it -> it.server().port(),
                        it -> it.server().security(),
                        it -> it.server().username(),
                        it -> it.server().source(),
                        Candidate::auth)
                .containsExactly(
                        tuple(
                                Protocol.IMAP,
                                "tls.example.org",
                                993,
                                Security.TLS,
                                "ann@example.org",
                                Source.SRV,
                                List.of()),
                        tuple(
                                Protocol.IMAP,
                                "old.example.org",
                                143,
                                Security.STARTTLS,
                                "ann@example.org",
                                Source.SRV,
                                List.of()),
                        tuple(
                                Protocol.POP3,
                                "pop.example.org",
                                995,
                                Security.TLS,
                                "ann",
                                Source.AUTOCONFIG,
                                List.of(Candidate.Auth.OAUTH2, Candidate.Auth.PASSWORD)),
                        tuple(
                                Protocol.POP3,
                                "pop.example.org",
                                110,
                                Security.STARTTLS,
                                "ann",
                                Source.AUTOCONFIG,
                                List.of()));
        assertThat(candidates("ann@example.org", Protocol.IMAP).found()).hasSize(2);
    }

    @Test
    void candidates_of_a_well_known_provider_say_how_to_log_in() {
        assertThat(candidates("ann@gmail.com", Protocol.IMAP, Protocol.POP3).found())
                .hasSize(2)
                .allSatisfy(it -> {
                    assertThat(it.auth())
                            .containsExactly(Candidate.Auth.OAUTH2, Candidate.Auth.PASSWORD);
                    assertThat(it.note()).get().asString().contains("app password");
                });
        assertThat(candidates("ann@hotmail.com", Protocol.IMAP).found().getFirst().auth())
                .containsExactly(Candidate.Auth.OAUTH2);
        assertThat(candidates("ann@icloud.com", Protocol.POP3).message())
                .contains("does not offer POP3");
        assertThat(asked).isEmpty();
        srv.put("_imaps._tcp.example.org", List.of(new SrvRecord(0, 0, 993, "imap.gmail.com.")));
        assertThat(candidates("ann@example.org", Protocol.IMAP).found().getFirst().note())
                .isPresent();
    }

    @Test
    void no_candidate_is_explained() {
        assertThat(candidates("ann@example.org", Protocol.IMAP, Protocol.POP3))
                .isEqualTo(
                        new Candidates(
                                List.of(),
                                "no IMAP or POP3 server is known for example.org, neither in the"
                                        + " DNS (SRV) nor by autoconfig: give mail.host"));
        assertThat(candidates("ann@localhost", Protocol.IMAP).message()).contains("full address");
        for (String service : List.of("_imaps", "_imap", "_pop3s", "_pop3")) {
            srv.put(service + "._tcp.example.org", List.of(new SrvRecord(0, 0, 0, ".")));
        }
        assertThat(candidates("ann@example.org", Protocol.IMAP, Protocol.POP3).message())
                .isEqualTo("example.org does not offer IMAP or POP3: give mail.host");
        dnsIsDown = true;
        assertThat(candidates("ann@example.org", Protocol.IMAP).message()).contains("try again");
    }

    @Test
    void silent_sources_end_at_the_deadline_without_losing_what_others_answered() {
        Discovery half =
                new Discovery(
                        ProviderTable.load(),
                        (name, deadline) -> {
                            if (name.startsWith("_imaps")) {
                                return List.of(new SrvRecord(0, 0, 993, "tls.example.org."));
                            }
                            throw new IOException("interrupted", sleep());
                        },
                        (uri, deadline) -> {
                            throw new IOException("interrupted", sleep());
                        },
                        new Random(1));
        Candidates found =
                ScriptedServer.inTime(time -> {
                    Candidates given =
                            half.candidates(
                                    "ann@example.org",
                                    EnumSet.allOf(Protocol.class),
                                    Deadline.after(time));
                    // On a busy machine the time may be over before the one that answers is asked.
                    ScriptedServer.requireReached(!given.found().isEmpty(), "an answer");
                    return given;
                });
        assertThat(found.found()).hasSize(1);
    }

    @Test
    void a_client_has_eight_surveys_at_once_whose_questions_are_asked_for_it() throws Exception {
        UUID client = new UUID(0, 1);
        List<UUID> askedFor = Collections.synchronizedList(new ArrayList<>());
        Discovery silent =
                new Discovery(
                        ProviderTable.load(),
                        (name, deadline) -> {
                            askedFor.add(ActingClient.current());
                            throw new IOException("interrupted", sleep());
                        },
                        (uri, deadline) -> Optional.empty(),
                        new Random(1));
        List<Thread> surveys = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            surveys.add(survey(silent, client));
        }
        await().until(() -> askedFor.size() == 16);
        surveys.add(survey(silent, new UUID(0, 2)));
        await().until(() -> askedFor.size() == 18);
        assertThat(askedFor.subList(0, 16)).containsOnly(client);
        surveys.forEach(Thread::interrupt);
        for (Thread survey : surveys) {
            survey.join();
        }
    }

    private static Thread survey(Discovery discovery, UUID client) {
        Runnable survey =
                () ->
                        discovery.candidates(
                                "ann@example.org",
                                EnumSet.of(Protocol.IMAP),
                                Deadline.after(Duration.ofSeconds(60)));
        return Thread.ofVirtual().start(() -> ActingClient.run(client, survey));
    }

    /** Waits like a source that never answers, until the search interrupts it. */
    private static InterruptedException sleep() {
        try {
            new java.util.concurrent.CountDownLatch(1).await();
            throw new IllegalStateException("the latch opened by itself");
        } catch (InterruptedException e) {
            return e;
        }
    }

    @Test
    void nothing_found_says_what_to_give() {
        assertThat(refusal("ann@example.org", Protocol.IMAP))
                .isEqualTo(
                        "no IMAP server is known for example.org, neither in the DNS (SRV) nor by"
                                + " autoconfig: give mail.host");
    }

    @Test
    void a_search_that_was_not_answered_says_to_try_again() {
        dnsIsDown = true;

        assertThat(refusal("ann@example.org", Protocol.IMAP)).contains("try again");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "ann",
                "ann@",
                "@example.org",
                "ann@localhost",
                "ann@127.0.0.1",
                "ann@[::1]",
                "ann@a b.org",
                "a\nb@example.org"
            })
    void an_address_that_is_none_asks_nobody(String address) {
        assertThat(refusal(address, Protocol.IMAP)).contains("mail.host");
        assertThat(asked).isEmpty();
    }

    @Test
    void every_shipped_provider_names_hosts_and_lower_case_domains() {
        for (ProviderTable.Provider provider : ProviderTable.load().providers()) {
            assertThat(provider.imap()).as(provider.domains().toString()).isNotNull();
            for (String domain : provider.domains()) {
                assertThat(MailAddress.of("a@" + domain))
                        .get()
                        .extracting(MailAddress::domain)
                        .isEqualTo(domain);
                for (Protocol protocol : Protocol.values()) {
                    provider.host(protocol)
                            .ifPresent(host -> assertThat(MailAddress.of("a@" + host)).isPresent());
                }
            }
        }
    }
}
