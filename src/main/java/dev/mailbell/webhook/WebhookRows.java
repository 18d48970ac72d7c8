package dev.mailbell.webhook;

import dev.mailbell.webhook.Webhook.Headers;
import dev.mailbell.webhook.Webhook.Health;
import dev.mailbell.webhook.Webhook.Previous;
import dev.mailbell.webhook.Webhook.State;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jdbi.v3.core.statement.SqlStatement;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Webhooks as rows: what goes into a statement, what comes out of a result. */
public final class WebhookRows {
    private static final JsonMapper JSON = new JsonMapper();
    private static final TypeReference<Map<String, String>> LABELS = new TypeReference<>() {};

    private WebhookRows() {}

    static <S extends SqlStatement<S>> S bind(S statement, Webhook webhook) {
        List<UUID> accounts = webhook.accounts();
        Headers headers = webhook.headers();
        return statement
                .bind("id", webhook.id())
                .bind("client", webhook.clientId())
                .bind("url", webhook.url())
                .bind("events", webhook.events().toArray(String[]::new))
                .bind("accounts", accounts == null ? null : accounts.toArray(UUID[]::new))
                .bind("labels", JSON.writeValueAsString(webhook.labels()))
                .bind("description", webhook.description())
                .bind("secret", webhook.secret())
                .bind(
                        "headerNames",
                        headers == null ? new String[0] : headers.names().toArray(String[]::new))
                .bind("headers", headers == null ? null : headers.sealed())
                .bind("state", webhook.state().wireName())
                .bind("healthy", webhook.health().healthy())
                .bind("createdAt", webhook.createdAt().atOffset(ZoneOffset.UTC))
                .bind("updatedAt", webhook.updatedAt().atOffset(ZoneOffset.UTC));
    }

    public static Webhook read(ResultSet row) throws SQLException {
        Array accounts = row.getArray("accounts");
        byte[] previous = row.getBytes("previous_secret");
        byte[] headers = row.getBytes("headers");
        return new Webhook(
                row.getObject("id", UUID.class),
                row.getObject("client_id", UUID.class),
                row.getString("url"),
                List.of((String[]) row.getArray("events").getArray()),
                accounts == null ? null : List.of((UUID[]) accounts.getArray()),
                JSON.readValue(row.getString("labels"), LABELS),
                row.getString("description"),
                row.getBytes("secret"),
                previous == null
                        ? null
                        : new Previous(
                                previous,
                                row.getObject("previous_secret_until", OffsetDateTime.class)
                                        .toInstant()),
                headers == null
                        ? null
                        : new Headers(
                                List.of((String[]) row.getArray("header_names").getArray()),
                                headers),
                State.valueOf(row.getString("state").toUpperCase(Locale.ROOT)),
                new Health(
                        instant(row, "failing_since"),
                        row.getInt("failures"),
                        row.getString("last_error"),
                        instant(row, "paused_until"),
                        instant(row, "breaker_until"),
                        row.getInt("breaker_openings"),
                        row.getBoolean("healthy")),
                row.getObject("created_at", OffsetDateTime.class).toInstant(),
                row.getObject("updated_at", OffsetDateTime.class).toInstant());
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
        return at == null ? null : at.toInstant();
    }
}
