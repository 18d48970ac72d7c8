package dev.mailbell.api.account.registration;

import dev.mailbell.account.WatchSettings;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An account as a request describes it, valid in form; defaults are not filled in yet. */
public record AccountDraft(
        @Nullable String ref,
        String address,
        LoginDraft login,
        List<String> mailboxes,
        WatchSettings watch,
        Map<String, String> labels) {}
