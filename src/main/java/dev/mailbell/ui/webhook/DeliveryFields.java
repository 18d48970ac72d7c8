package dev.mailbell.ui.webhook;

import dev.mailbell.api.request.Uuids;
import dev.mailbell.delivery.log.AnswerCode;
import dev.mailbell.delivery.log.DeliveryFilter;
import dev.mailbell.delivery.log.LoggedDelivery.Status;
import dev.mailbell.event.EventType;
import dev.mailbell.ui.page.FilterQuery;
import dev.mailbell.ui.page.PageRequest;
import dev.mailbell.ui.page.Times;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The filter of the delivery log as the query of a page has it. */
final class DeliveryFields {
    private final PageRequest request;
    private final Map<String, String> given = new LinkedHashMap<>();
    private final Map<String, String> faults = new LinkedHashMap<>();

    DeliveryFields(PageRequest request) {
        this.request = request;
        read("client", Uuids::parse, "This is no id of a client.");
    }

    DeliveryFilter filter() {
        UUID webhook = read("webhook", Uuids::parse, "This is no id of a webhook.");
        UUID account = read("account", Uuids::parse, "This is no id of an account.");
        Status status = read("status", Status::ofWireName, "There is no such status.");
        EventType type = read("type", EventType::ofWireName, "There is no such type.");
        AnswerCode code =
                read("statusCode", AnswerCode::parse, "Give a status as 503 or 5xx, or none.");
        Instant since = read("since", Times::parse, "Give a date and a time.");
        Instant until = read("until", Times::parse, "Give a date and a time.");
        if (since != null && until != null && !since.isBefore(until)) {
            faults.put("until", "This must be later than the beginning.");
        }
        return new DeliveryFilter(webhook, account, status, type, code, since, until);
    }

    private <T> @Nullable T read(String name, Function<String, Optional<T>> parser, String fault) {
        Optional<String> text = request.query(name).filter(value -> value.length() <= 100);
        text.ifPresent(value -> given.put(name, value));
        Optional<T> value = text.flatMap(parser);
        if (text.isPresent() && value.isEmpty()) {
            faults.put(name, fault);
        }
        return value.orElse(null);
    }

    Map<String, String> given() {
        return given;
    }

    Map<String, String> faults() {
        return faults;
    }

    /** The query with the same filter. */
    String query() {
        return FilterQuery.of(given);
    }
}
