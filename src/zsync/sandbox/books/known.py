"""The names that request bodies may hold, by the published contracts and what is known to be used beyond them.

The stand-in notes any other name; a test compares these tables with the contracts.
"""

from __future__ import annotations

CONTACT = frozenset(
    (
        "avatax_exempt_no avatax_use_code billing_address company_name contact_name contact_number contact_persons contact_type "
        "country_code credit_limit currency_id custom_fields customer_sub_type default_templates facebook gst_no gst_treatment "
        "ignore_auto_number_generation is_portal_enabled is_taxable is_tds_registered language_code legal_name notes "
        "opening_balances owner_id payment_terms payment_terms_label place_of_contact pricebook_id shipping_address tags "
        "tax_authority_id tax_authority_name tax_exemption_certificate_number tax_exemption_code tax_exemption_id tax_id "
        "tax_id_type tax_id_value tax_reg_no tax_regime tax_treatment tds_tax_id track_1099 twitter vat_reg_no vat_treatment "
        "website"
    ).split()
)
PERSON = frozenset(
    (
        "communication_preference contact_person_id department designation email enable_portal first_name is_primary_contact "
        "last_name mobile phone salutation skype"
    ).split()
)
ITEM = frozenset(
    (
        "account_id avatax_tax_code avatax_use_code custom_fields description hsn_or_sac inventory_account_id is_taxable "
        "item_tax_preferences item_type locations name product_type purchase_account_id purchase_description purchase_rate "
        "purchase_tax_exemption_id purchase_tax_rule_id rate reorder_level sales_tax_rule_id sat_item_key_code sku "
        "tax_exemption_id tax_id tax_percentage unit unitkey_code vendor_id"
    ).split()
)
SALES_ORDER = frozenset(
    (
        "adjustment adjustment_description avatax_exempt_no avatax_use_code billing_address_id contact_persons_associated "
        "crm_custom_reference_id crm_owner_id currency_id custom_fields customer_id date delivery_method discount discount_type "
        "documents estimate_id exchange_rate gst_no gst_treatment is_discount_before_tax is_inclusive_tax "
        "is_reverse_charge_applied is_update_customer line_items location_id merchant_id notes notes_default place_of_supply "
        "pricebook_id reference_number salesorder_number salesperson_id salesperson_name shipment_date shipping_address_id "
        "shipping_charge tax_authority_id tax_authority_name tax_exemption_code tax_exemption_id tax_id tax_treatment "
        "template_id terms terms_default vat_treatment zcrm_potential_id zcrm_potential_name"
    ).split()
)
SALES_ORDER_LINE = frozenset(
    (
        "avatax_exempt_no avatax_use_code description discount hsn_or_sac item_custom_fields item_id item_order line_item_id "
        "location_id name product_type project_id quantity rate sat_item_key_code tags tax_exemption_code tax_exemption_id "
        "tax_id tax_treatment_code tds_tax_id unit unitkey_code"
    ).split()
)
INVOICE = frozenset(
    (
        "adjustment adjustment_description allow_partial_payments avatax_exempt_no avatax_tax_code avatax_use_code "
        "batch_payments billing_address_id cfdi_usage contact_persons contact_persons_associated currency_code currency_id "
        "custom_body custom_fields custom_subject customer_id date discount discount_type due_date exchange_rate expense_id "
        "gst_no gst_treatment invoice_number invoiced_estimate_id is_discount_before_tax is_inclusive_tax "
        "is_reverse_charge_applied line_items location_id notes payment_options payment_terms payment_terms_label "
        "place_of_supply reason recurring_invoice_id reference_number salesorder_id salesorder_item_id salesperson_name send "
        "shipping_address_id shipping_charge tax_authority_id tax_exemption_id tax_id tax_treatment template_id terms "
        "time_entry_ids vat_treatment"
    ).split()
)
INVOICE_LINE = frozenset(
    (
        "bcy_rate bill_id bill_item_id description discount discount_amount expense_id expense_receipt_name header_name "
        "hsn_or_sac item_id item_order line_item_id location_id name product_type project_id quantity rate salesorder_item_id "
        "sat_item_key_code tags tax_id tax_name tax_percentage tax_treatment_code tax_type tds_tax_id time_entry_ids unit "
        "unitkey_code"
    ).split()
)
PAYMENT = frozenset(
    (
        "account_id amount amount_applied bank_charges bank_charges_account_id contact_persons custom_fields customer_id date "
        "description exchange_rate invoice_id invoices location_id payment_form payment_mode reference_number "
        "retainerinvoice_id tax_amount_withheld"
    ).split()
)
PAYMENT_PART = frozenset(("amount_applied invoice_id invoice_payment_id").split())
PAYMENT_REFUND = frozenset(
    ("amount date description exchange_rate from_account_id payment_form reference_number refund_mode").split()
)
CREDIT_NOTE = frozenset(
    (
        "adjustment adjustment_description avatax_exempt_no avatax_tax_code avatax_use_code cfdi_reference_type cfdi_usage "
        "contact_persons_associated creditnote_number currency_code currency_id custom_fields customer_id date discount "
        "discount_type exchange_rate gst_no gst_treatment ignore_auto_number_generation is_discount_before_tax is_draft "
        "is_inclusive_tax is_reverse_charge_applied line_items location_id notes place_of_supply reference_number "
        "shipping_charge tax_authority_id tax_exemption_id tax_id tax_treatment template_id terms vat_treatment"
    ).split()
)
CREDIT_NOTE_LINE = frozenset(
    (
        "account_id account_name code description discount invoice_id invoice_item_id item_id line_item_id location_id name "
        "product_type project_id quantity rate sat_item_key_code serial_numbers tax_id tax_treatment_code tds_tax_id type unit "
        "unitkey_code"
    ).split()
)
CREDIT_NOTE_REFUND = frozenset(
    ("amount date description exchange_rate from_account_id payment_form reference_number refund_mode").split()
)
