package dev.mailbell.ui.account;

/** Asks whether an account is to be removed. */
public record RemoveView(String href, String address) {}
