# frozen_string_literal: true

# smile-identity-core for Ruby, as its users call it: a selfie and an ID number, or an ID card (job type 1).
require_relative 'calling'

class BiometricKycTest < Minitest::Test
  include Calling
  # Most of the time the client waits between two questions.
  parallelize_me!

  def nin(number, more = {})
    # The client takes text only: it calls empty? on what it is given.
    { country: 'NG', id_type: 'NIN', id_number: number, entered: 'true', **more }
  end

  # What a job says with a number of the sandbox that ends in 4: whose record the authority has.
  def ada
    { id_info: nin('00000000004'), more: { FullName: 'Ada King Lovelace', DOB: '1990-12-10', Photo: as_base64('obama2') } }
  end

  def test_the_face_of_the_record_is_enrolled_and_another_refused
    user = SecureRandom.uuid
    enrolled = submit(user, 1, [file('obama')], **ada)
    assert_equal %w[0810 1012], codes(enrolled)
    assert enrolled['job_success']
    result, looked_up = enrolled['history']
    assert_equal ['Ada King Lovelace', '1990-12-10', '00000000004'], result.values_at('FullName', 'DOB', 'IDNumber')
    assert_equal as_base64('obama2'), result['Photo']
    assert_equal 'Completed', result['Actions']['Selfie_To_ID_Authority_Compare']
    assert_equal ['ID Verification', 'false'], looked_up.values_at('ResultType', 'IsFinalResult')
    assert_equal '0820', submit(user, 2, [file('obama3')])['result']['ResultCode']
    other = submit(SecureRandom.uuid, 1, [file('biden')], **ada)
    assert_equal %w[0811 1012], codes(other)
    refute other['job_success']
  end

  def test_both_results_are_called_back_and_signed
    result = submit(SecureRandom.uuid, 1, [file('obama2')], id_info: nin('00000000000'))['result']
    assert_equal ['0810', 'Joe Leo', '2000-09-20'], result.values_at('ResultCode', 'FullName', 'DOB')
    bodies = callbacks(result['SmileJobID'], 2)
    assert_equal(%w[0810 1012], bodies.map { |body| body['ResultCode'] }.sort)
    assert(bodies.all? { |body| signed?(body) })
  end

  def test_a_look_up_that_fails_ends_the_job
    {
      nin('00000000001') => '1013', nin('00000000002') => '1014', nin('00000000003') => '1015', nin('123') => '1014',
      nin('00000000000', id_type: 'LIBRARY_CARD') => '1016', nin('00000000000', country: 'FR') => '1016',
    }.each do |id_info, code|
      ended = submit(SecureRandom.uuid, 1, [file('obama')], id_info: id_info)
      assert_equal [code], codes(ended)
      refute ended['job_success']
      assert_equal 'true', ended['result']['IsFinalResult']
    end
  end

  def test_an_id_card_takes_the_record_s_place
    { 'obama' => %w[0810 Completed], 'biden' => %w[0811 Failed] }.each do |selfie, (code, compared)|
      ended = submit(SecureRandom.uuid, 1, [file(selfie), file('obama2', 1)], id_info: { entered: 'false' })
      assert_equal [code], codes(ended)
      assert_equal compared, ended['result']['Actions']['Selfie_To_ID_Card_Compare']
      refute_empty ended['image_links']['id_card_image']
    end
  end

  def test_what_the_client_refuses_itself
    user = SecureRandom.uuid
    %i[country id_type id_number].each do |name|
      told = assert_raises(ArgumentError) { submit(user, 1, [file('obama')], id_info: nin('00000000000', name => '')) }
      assert_includes told.message, name.to_s
    end
    told = assert_raises(ArgumentError) { submit(user, 1, [file('obama')]) }
    assert_includes told.message, 'without providing an id card image or id info'
    told = assert_raises(ArgumentError) { submit(user, 1, [file('obama', 1)], id_info: nin('00000000000')) }
    assert_includes told.message, 'at least one selfie'
  end

  def test_the_photo_on_file_is_updated_by_the_same_face_and_user_information_compared
    user = SecureRandom.uuid
    refused('2210') { submit(user, 8, [file('obama')]) }
    submit(user, 4, [file('obama')])
    updated = submit(user, 8, [file('obama2')])['result']
    assert_equal %w[0820 Passed], [updated['ResultCode'], updated['Actions']['Update_Registered_Selfie_On_File']]
    assert_equal '0821', submit(user, 8, [file('biden')])['result']['ResultCode']
    said = nin('00000000000', first_name: 'Leo', last_name: 'Joe', dob: '2000-09-20')
    compared = submit(user, 9, [file('obama')], id_info: said)['result']
    assert_equal %w[1021 Transposed], [compared['ResultCode'], compared['Actions']['Names']]
    refute_includes compared.keys, 'FullName'
  end

  def test_what_the_server_refuses_says_why
    user = SecureRandom.uuid
    refused('2205') { submit(user, 1, [file('obama')], id_info: nin('00000000000'), web: api('wrong')) }
    [6, 11].each do |job_type|
      passport = { country: 'NG', id_type: 'PASSPORT' }
      refused('2212', "job_type #{job_type} is not performed by this server yet") do
        submit(user, job_type, [file('obama'), file('obama2', 1)], id_info: passport)
      end
    end
    params = naming(user, 1)
    again = -> { api.submit_job(params, [file('obama')], nin('00000000001'), { return_job_status: false }) }
    refute_empty JSON.parse(again.call)['smile_job_id']
    refused('2215') { again.call }
  end
end
