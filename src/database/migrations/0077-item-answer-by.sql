-- The last day for a corrected claim or an appeal, while an item is back from the payer.
alter table coding_item add column answer_by date;
