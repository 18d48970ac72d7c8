package dev.mailbell.account;

import dev.mailbell.mail.FailureCode;
import dev.mailbell.mail.Protocol;
import dev.mailbell.mail.Security;
import dev.mailbell.network.tls.KeyPin;
import dev.mailbell.network.tls.TlsTrust;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Accounts as rows: what goes into a statement, what comes out of a result. */
final class AccountRows {
    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<Map<String, String>> LABELS = new TypeReference<>() {};

    private static final Logger LOG = LoggerFactory.getLogger(AccountRows.class);

    private AccountRows() {}

    static <S extends SqlStatement<S>> S bind(S statement, Account account) {
        MailSettings mail = account.mail();
        Duration interval = account.watch().interval();
        return bindFailure(statement, account.failure())
                .bind("id", account.id())
                .bind("clientId", account.clientId())
                .bind("shard", account.shard())
                .bind("ref", account.ref())
                .bind("address", account.address())
                .bind("protocol", mail.protocol().name().toLowerCase(Locale.ROOT))
                .bind("host", mail.host())
                .bind("port", mail.port())
                .bind("security", mail.security().name().toLowerCase(Locale.ROOT))
                .bind("username", mail.username())
                .bind("auth", mail.auth().name().toLowerCase(Locale.ROOT))
                .bind("credential", account.credential())
                .bind("app", account.app())
                .bind("tlsVerify", mail.tls().verify())
                .bind("caPem", mail.tls().caPem())
                .bind("tlsPins", nullIfEmpty(pins(account)))
                .bind("egress", mail.egress())
                .bind("mailboxes", account.mailboxes().toArray(String[]::new))
                .bind("push", account.watch().push())
                .bind(
                        "interval",
                        interval == null ? null : (Integer) Math.toIntExact(interval.toSeconds()))
                .bind("envelopes", account.watch().envelopes())
                .bind("labels", json(account.labels()))
                .bind("state", account.state().wireName())
                .bind("stateSince", utc(account.stateSince()))
                .bind("createdAt", utc(account.createdAt()))
                .bind("updatedAt", utc(account.updatedAt()));
    }

    static <S extends SqlStatement<S>> S bindFailure(S statement, @Nullable Failure failure) {
        return statement
                .bind("failureCode", failure == null ? null : failure.code().wireName())
                .bind("failureMessage", failure == null ? null : failure.message())
                .bind("failureSince", failure == null ? null : utc(failure.since()))
                .bind("failureAttempts", failure == null ? null : (Integer) failure.attempts());
    }

    static AccountStateTable.Stored readStored(ResultSet row) throws SQLException {
        return new AccountStateTable.Stored(
                read(row), row.getBoolean("retrying_announced"), row.getBoolean("stale_announced"));
    }

    /**
     * The same; empty when the row has a value that this version does not know, as of a node with a
     * later one. It must not keep the other accounts from being read.
     */
    static Optional<AccountStateTable.Stored> readIfKnown(ResultSet row) throws SQLException {
        try {
            return Optional.of(readStored(row));
        } catch (RuntimeException e) {
            LOG.error(
                    "Account {} cannot be read and is not watched by this node",
                    row.getObject("id", UUID.class),
                    e);
            return Optional.empty();
        }
    }

    static Account read(ResultSet row) throws SQLException {
        int seconds = row.getInt("interval_seconds");
        Duration interval = row.wasNull() ? null : Duration.ofSeconds(seconds);
        boolean pushValue = row.getBoolean("push");
        Boolean push = row.wasNull() ? null : (Boolean) pushValue;
        return new Account(
                row.getObject("id", UUID.class),
                row.getObject("client_id", UUID.class),
                row.getString("ref"),
                row.getString("address"),
                new MailSettings(
                        Protocol.valueOf(upper(row.getString("protocol"))),
                        row.getString("host"),
                        row.getInt("port"),
                        Security.valueOf(upper(row.getString("security"))),
                        row.getString("username"),
                        MailSettings.Auth.valueOf(upper(row.getString("auth"))),
                        new TlsTrust(
                                row.getBoolean("tls_verify"),
                                row.getString("tls_ca_pem"),
                                pins(row)),
                        row.getString("egress")),
                row.getBytes("credential"),
                row.getObject("oauth_app", UUID.class),
                List.of((String[]) row.getArray("mailboxes").getArray()),
                new WatchSettings(push, interval, row.getBoolean("envelopes")),
                JSON.readValue(row.getString("labels"), LABELS),
                AccountState.valueOf(upper(row.getString("state"))),
                instant(row, "state_since"),
                readFailure(row),
                nullableInstant(row, "last_checked_at"),
                instant(row, "created_at"),
                instant(row, "updated_at"));
    }

    /** Empty: any key is accepted. */
    static List<String> pins(Account account) {
        return account.mail().tls().pins().stream().map(KeyPin::base64).toList();
    }

    private static String @Nullable [] nullIfEmpty(List<String> pins) {
        return pins.isEmpty() ? null : pins.toArray(String[]::new);
    }

    private static List<KeyPin> pins(ResultSet row) throws SQLException {
        Array pins = row.getArray("tls_pins");
        return pins == null
                ? List.of()
                : Stream.of((String[]) pins.getArray()).map(KeyPin::new).toList();
    }

    private static @Nullable Failure readFailure(ResultSet row) throws SQLException {
        String code = row.getString("failure_code");
        return code == null
                ? null
                : new Failure(
                        FailureCode.valueOf(upper(code)),
                        row.getString("failure_message"),
                        instant(row, "failure_since"),
                        row.getInt("failure_attempts"));
    }

    static String upper(String name) {
        return name.toUpperCase(Locale.ROOT);
    }

    static OffsetDateTime utc(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }

    private static Instant instant(ResultSet row, String column) throws SQLException {
        return row.getObject(column, OffsetDateTime.class).toInstant();
    }

    private static @Nullable Instant nullableInstant(ResultSet row, String column)
            throws SQLException {
        OffsetDateTime value = row.getObject(column, OffsetDateTime.class);
        return value == null ? null : value.toInstant();
    }

    static String json(Map<String, String> labels) {
        return JSON.writeValueAsString(labels);
    }
}
